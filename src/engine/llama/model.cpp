// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/model.h"

#include "engine/llama/llama_log.h"
#include "engine/llama/model_file.h"

#include <QFile>

#include <llama.h>

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>

namespace gatehouse {

namespace {

/// The processor lacks what the build takes for granted: better told than died of.
QString missingInstructions()
{
#ifdef GATEHOUSE_X86_BASELINE
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2"))
        return QStringLiteral("this build needs a processor with AVX2, FMA and BMI2");
#endif
    return {};
}

void initializeLlama()
{
    // ggml's handler of fatal errors forks a debugger; an operator's service must not.
    qputenv("GGML_NO_BACKTRACE", "1");
    llama_backend_init();
}

bool report(float fraction, void *progress)
{
    return (*static_cast<const Model::Progress *>(progress))(static_cast<double>(fraction));
}

} // namespace

void Model::Free::operator()(llama_model *model) const
{
    llama_model_free(model);
}

Result<std::unique_ptr<Model>> Model::load(const EngineOptions &options, LlamaLog &log,
                                           const Progress &progress)
{
    static std::once_flag initialized;
    std::call_once(initialized, initializeLlama);
    QString reason = missingInstructions();
    Handle model;
    if (reason.isEmpty())
        model = read(options, progress, reason);
    if (model)
        reason = unsuitability(*model);
    else if (reason.isEmpty())
        reason = log.takeError();
    if (!reason.isEmpty() || !model) {
        return Error{.code = ErrorCode::UpstreamUnreachable,
                     .message = QStringLiteral("The model could not be loaded."),
                     .detail = reason};
    }
    return std::unique_ptr<Model>(new Model(std::move(model)));
}

/// Null: failed, for `reason` or else for what the log says.
Model::Handle Model::read(const EngineOptions &options, const Progress &progress, QString &reason)
{
    const Result<ModelFile> file = ModelFile::open(options);
    if (!file) {
        reason = file.error().message;
        return nullptr;
    }
    Progress callback = progress;
    llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = options.gpuLayers;
    params.progress_callback = report;
    params.progress_callback_user_data = &callback;
    try {
        if (options.bytes.isEmpty()) // by its path, because a model may be split over several files
            return Handle(llama_model_load_from_file(QFile::encodeName(options.path).constData(), params));
        params.load_mode = LLAMA_LOAD_MODE_NONE; // the memory file need not stay
        return Handle(llama_model_load_from_file_ptr(file->handle(), params));
    } catch (const std::exception &error) {
        reason = QString::fromUtf8(error.what());
        return nullptr;
    }
}

QString Model::unsuitability(const llama_model &model)
{
    const llama_vocab *vocabulary = llama_model_get_vocab(&model);
    if (llama_vocab_type(vocabulary) == LLAMA_VOCAB_TYPE_NONE || llama_vocab_n_tokens(vocabulary) == 0)
        return QStringLiteral("the model has no vocabulary");
    if (llama_model_has_encoder(&model) || !llama_model_has_decoder(&model) ||
        llama_model_is_diffusion(&model))
        return QStringLiteral("the model neither continues texts nor embeds them (it translates, or is a "
                              "diffusion model)");
    if (llama_model_n_ctx_train(&model) <= 0)
        return QStringLiteral("the model does not tell its context length");
    return {};
}

Model::Model(Handle model)
    : m_model(std::move(model))
    , m_vocabulary(llama_model_get_vocab(m_model.get()))
{
    for (Token token = 0; token < vocabularySize(); ++token) {
        const int length = static_cast<int>(bytesOf(token, true).size());
        m_longestToken = std::max(m_longestToken, length);
    }
}

Model::~Model() = default;

QByteArray Model::library()
{
    return QByteArray("llama.cpp-") + llama_version();
}

Result<Tokens> Model::tokenize(QByteArrayView text) const
{
    try {
        const auto length = static_cast<std::int32_t>(text.size());
        Tokens tokens(static_cast<std::size_t>(length) + 2); // never more than bytes, and the two at the ends
        std::int32_t count = llama_tokenize(m_vocabulary, text.data(), length, tokens.data(),
                                            static_cast<std::int32_t>(tokens.size()), true, true);
        if (count < 0 && count != INT32_MIN) {
            tokens.resize(static_cast<std::size_t>(-count));
            count = llama_tokenize(m_vocabulary, text.data(), length, tokens.data(), -count, true, true);
        }
        if (count >= 0) {
            tokens.resize(static_cast<std::size_t>(count));
            return tokens;
        }
    } catch (const std::exception &error) {
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("The text can't be split into the model's tokens."),
                     .detail = QString::fromUtf8(error.what())};
    }
    return Error{.code = ErrorCode::InvalidRequest, .message = QStringLiteral("The text is too long.")};
}

QByteArray Model::bytesOf(Token token, bool withControl) const
{
    std::array<char, 128> piece;
    std::int32_t length =
        llama_token_to_piece(m_vocabulary, token, piece.data(), piece.size(), 0, withControl);
    if (length >= 0)
        return QByteArray(piece.data(), length);
    QByteArray longPiece(-length, Qt::Uninitialized);
    length = llama_token_to_piece(m_vocabulary, token, longPiece.data(), -length, 0, withControl);
    return length >= 0 ? longPiece.first(length) : QByteArray();
}

bool Model::endsAnswer(Token token) const
{
    return llama_vocab_is_eog(m_vocabulary, token);
}

int Model::vocabularySize() const
{
    return llama_vocab_n_tokens(m_vocabulary);
}

int Model::trainedContext() const
{
    return llama_model_n_ctx_train(m_model.get());
}

QByteArray Model::description() const
{
    std::array<char, 128> text = {};
    llama_model_desc(m_model.get(), text.data(), text.size());
    return QByteArray(text.data());
}

qint64 Model::parameters() const
{
    return static_cast<qint64>(llama_model_n_params(m_model.get()));
}

Model::Pooling Model::pooling() const
{
    switch (metadataOfArchitecture("pooling_type").toInt()) {
    case LLAMA_POOLING_TYPE_CLS:
        return Pooling::First;
    case LLAMA_POOLING_TYPE_LAST:
        return Pooling::Last;
    case LLAMA_POOLING_TYPE_RANK:
        return Pooling::Rank;
    default:
        return Pooling::Mean;
    }
}

int Model::vectorLength() const
{
    return llama_model_n_embd_out(m_model.get());
}

bool Model::looksAhead() const
{
    return metadataOfArchitecture("attention.causal") == "false";
}

QByteArray Model::recommendation(int samplingKey) const
{
    const char *key = llama_model_meta_key_str(static_cast<llama_model_meta_key>(samplingKey));
    return key == nullptr ? QByteArray() : metadata(key);
}

/// A short value of the file's, as text; empty: there is none.
QByteArray Model::metadata(const QByteArray &key) const
{
    std::array<char, 64> value = {};
    if (llama_model_meta_val_str(m_model.get(), key.constData(), value.data(), value.size()) < 0)
        return {};
    return QByteArray(value.data());
}

QByteArray Model::metadataOfArchitecture(const QByteArray &key) const
{
    return metadata(metadata("general.architecture") + '.' + key);
}

} // namespace gatehouse

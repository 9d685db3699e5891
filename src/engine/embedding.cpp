// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/embedding.h"

#include "engine/loaded_model.h"
#include "engine/prompt_error.h"
#include "engine/token_lists.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// Tokenizing so much takes a few milliseconds.
constexpr qsizetype bytesAtOnce = 32 * 1024;

Error invalid(const QString &message, const QByteArray &param)
{
    return {.code = ErrorCode::InvalidRequest, .message = message, .param = param};
}

} // namespace

Embedding::Embedding(EmbeddingInput input, std::shared_ptr<AnswerChannel> channel)
    : Task(std::move(channel))
    , m_input(std::move(input))
{}

/// Some texts are prepared, or a part of one computed.
Task::Progress Embedding::step(LoadedModel &model)
{
    if (isPrepared())
        return compute(model);
    Result<void> prepared = m_count == 0 ? begin(model) : Result<void>();
    for (qsizetype bytes = 0; prepared && !isPrepared() && bytes < bytesAtOnce;) {
        bytes += m_input.texts.at(m_texts.size()).size();
        prepared = prepareNext(model);
    }
    if (!prepared) {
        fail(prepared.error());
        return Progress::Done;
    }
    if (isPrepared())
        channel().push(AnswerStarted{.model = model.name(), .fingerprint = Model::library()});
    return Progress::Pausing;
}

Result<void> Embedding::begin(const LoadedModel &model)
{
    if (model.model().pooling() == Model::Pooling::Rank)
        return invalid(QStringLiteral("This model ranks texts; it gives no embeddings."), "model");
    const int most = model.model().vectorLength();
    m_dimensions = m_input.dimensions.value_or(most);
    if (m_dimensions < 1 || m_dimensions > most)
        return invalid(QStringLiteral("The vectors of this model have %1 dimensions.").arg(most),
                       "dimensions");
    if (!m_input.tokens.isEmpty()) {
        Result<QList<Tokens>> lists = readTokenLists(m_input.tokens);
        if (!lists)
            return std::move(lists).error();
        m_count = lists->size();
        for (Tokens &tokens : *lists) {
            if (const Result<void> added = add(std::move(tokens), model); !added)
                return added;
        }
        return {};
    }
    m_count = m_input.texts.size();
    return m_count > 0 ? Result<void>() : invalid(QStringLiteral("'input' is empty."), "input");
}

Result<void> Embedding::prepareNext(const LoadedModel &model)
{
    const QByteArray &text = m_input.texts.at(m_texts.size());
    // Tokenizing takes seconds for megabytes; what can't fit anyway is not worth them.
    if (text.size() > static_cast<qsizetype>(model.plan().length) * model.model().longestToken())
        return contextExceeded(model.plan().length, param());
    if (text.isEmpty()) // of which some models make tokens
        return invalid(QStringLiteral("'%1' is empty.").arg(QString::fromUtf8(param())), param());
    Result<Tokens> tokens = model.model().tokenize(text);
    if (!tokens) {
        Error error = std::move(tokens).error();
        error.param = param();
        return error;
    }
    return add(std::move(tokens).value(), model);
}

/// The next text, if the model can read it.
Result<void> Embedding::add(Tokens tokens, const LoadedModel &model)
{
    const QString name = QString::fromUtf8(param());
    if (tokens.empty())
        return invalid(QStringLiteral("'%1' is empty.").arg(name), param());
    if (tokens.size() > static_cast<std::size_t>(model.plan().length))
        return contextExceeded(model.plan().length, param(), tokens.size());
    const int vocabulary = model.model().vocabularySize();
    const bool isKnown =
        std::ranges::all_of(tokens, [vocabulary](Token token) { return token >= 0 && token < vocabulary; });
    if (!isKnown) {
        return invalid(QStringLiteral("'%1' holds numbers that are no tokens of this model (0 to %2).")
                           .arg(name)
                           .arg(vocabulary - 1),
                       param());
    }
    m_tokens += static_cast<qint64>(tokens.size());
    m_texts.append(std::move(tokens));
    return {};
}

Task::Progress Embedding::compute(LoadedModel &model)
{
    switch (model.embedder().advance(m_texts.at(m_told))) {
    case Embedder::Outcome::More:
        return Progress::Busy;
    case Embedder::Outcome::Done:
        return tell(model.embedder().vector(m_dimensions));
    case Embedder::Outcome::Failed:
        break;
    }
    return tell({});
}

/// An empty vector: there is none.
Task::Progress Embedding::tell(QList<float> vector)
{
    if (vector.isEmpty()) {
        fail({.code = ErrorCode::Internal,
              .message = QStringLiteral("The model failed to compute the embedding.")});
        return Progress::Done;
    }
    channel().push(EmbeddingComputed{.index = static_cast<int>(m_told), .values = std::move(vector)});
    if (++m_told < m_count)
        return Progress::Pausing;
    channel().push(UsageReported{Usage{.promptTokens = m_tokens}});
    channel().push(AnswerCompleted{});
    return Progress::Done;
}

bool Embedding::isPrepared() const
{
    return m_count > 0 && m_texts.size() == m_count;
}

/// What the caller called the text that is being prepared.
QByteArray Embedding::param() const
{
    return m_count == 1 ? QByteArray("input") : "input[" + QByteArray::number(m_texts.size()) + ']';
}

} // namespace gatehouse

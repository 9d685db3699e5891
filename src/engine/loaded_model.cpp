// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/loaded_model.h"

#include "engine/llama/llama_log.h"

#include <array>
#include <exception>

namespace gatehouse {

namespace {

Error notLoaded(const QString &reason)
{
    return {.code = ErrorCode::UpstreamUnreachable,
            .message = QStringLiteral("The model could not be loaded."),
            .detail = reason};
}

} // namespace

Result<std::unique_ptr<LoadedModel>> LoadedModel::load(const EngineOptions &options, LlamaLog &log,
                                                       const Model::Progress &progress,
                                                       const std::atomic<bool> &interrupted)
{
    try {
        Result<std::unique_ptr<Model>> model = Model::load(options, log, progress);
        if (!model)
            return std::move(model).error();
        std::unique_ptr<LoadedModel> loaded(new LoadedModel(options, std::move(model).value()));
        if (const Result<void> prepared = loaded->prepare(log, interrupted); !prepared)
            return prepared.error();
        return loaded;
    } catch (const std::exception &exception) { // no exception of the libraries below gets any further
        return notLoaded(QString::fromUtf8(exception.what()));
    }
}

LoadedModel::LoadedModel(const EngineOptions &options, std::unique_ptr<Model> model)
    : m_options(options)
    , m_model(std::move(model))
    , m_chatTemplate(m_model->handle())
    , m_plan(*m_model, options)
{}

Result<void> LoadedModel::prepare(LlamaLog &log, const std::atomic<bool> &interrupted)
{
    Result<std::unique_ptr<Context>> context = Context::make(*m_model, m_plan, interrupted, log);
    if (!context)
        return std::move(context).error();
    const bool continuesTexts = (*context)->continuesTexts();
    m_embedder = std::make_unique<Embedder>(*m_model, m_plan, !continuesTexts, interrupted);
    if (!continuesTexts)
        return {};
    m_context = std::move(context).value();
    // The first step touches every weight: a mapped file is read now and not during the first answer.
    const std::array<Token, 1> first = {0};
    if (m_context->advance(first) != Context::Outcome::Advanced)
        return notLoaded(log.takeError());
    return {};
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/llama/chat_template.h"
#include "engine/llama/context.h"
#include "engine/llama/embedder.h"

namespace gatehouse {

/// A model in memory with all that it needs to answer. Made, used and freed by one thread.
class LoadedModel
{
public:
    /// Blocks until the model is ready to answer. `interrupted` makes what is being computed return soon,
    /// here and later; it and `options` must outlive the object. Errors as Model::load().
    [[nodiscard]] static Result<std::unique_ptr<LoadedModel>> load(const EngineOptions &options,
                                                                   LlamaLog &log,
                                                                   const Model::Progress &progress,
                                                                   const std::atomic<bool> &interrupted);

    [[nodiscard]] const QByteArray &name() const { return m_options.name; }
    [[nodiscard]] const Model &model() const { return *m_model; }
    [[nodiscard]] const ChatTemplate &chatTemplate() const { return m_chatTemplate; }
    [[nodiscard]] Context *context() { return m_context.get(); } ///< Null: the model only embeds.
    [[nodiscard]] Embedder &embedder() { return *m_embedder; }
    [[nodiscard]] const ContextPlan &plan() const { return m_plan; }

private:
    LoadedModel(const EngineOptions &options, std::unique_ptr<Model> model);
    [[nodiscard]] Result<void> prepare(LlamaLog &log, const std::atomic<bool> &interrupted);

    const EngineOptions &m_options;
    std::unique_ptr<Model> m_model;
    ChatTemplate m_chatTemplate;
    ContextPlan m_plan;
    std::unique_ptr<Context> m_context;
    std::unique_ptr<Embedder> m_embedder;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/generation.h"
#include "engine/task.h"

namespace gatehouse {

/// The answer to a conversation or a prompt: all its prompts and choices, one after another.
class Answer final : public Task
{
public:
    Answer(ChatRequest request, std::shared_ptr<AnswerChannel> channel);

    [[nodiscard]] Progress step(LoadedModel &model) override;

private:
    [[nodiscard]] bool begin(LoadedModel &model);
    [[nodiscard]] bool beginChoice(const LoadedModel &model);
    void tellEcho();
    [[nodiscard]] bool finishChoice(const LoadedModel &model);

    ChatRequest m_request;
    QList<PreparedPrompt> m_prompts;
    std::unique_ptr<Generation> m_generation;
    int m_choice = 0;
    Usage m_usage; ///< Of the choices that are complete.
};

} // namespace gatehouse

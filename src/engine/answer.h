// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/generation.h"

namespace gatehouse {

/// The answer to one request, computed step by step in the thread of the model: all its prompts and choices,
/// one after another. Tells every event, the last one included, through its channel.
class Answer
{
public:
    Answer(ChatRequest request, std::shared_ptr<AnswerChannel> channel);

    /// What an answer needs of the engine.
    struct Means
    {
        const Model &model;
        const ChatTemplate &chatTemplate;
        Context &context;
        const QByteArray &name;
    };

    /// False: that was the last step.
    [[nodiscard]] bool step(const Means &means);

    /// The end that only the engine can tell.
    void fail(const Error &error);

    [[nodiscard]] const AnswerChannel &channel() const { return *m_channel; }
    [[nodiscard]] const Usage &usage() const { return m_usage; } ///< Of the choices that are complete.

private:
    [[nodiscard]] bool begin(const Means &means);
    [[nodiscard]] bool beginChoice(const Means &means);
    void tellEcho();
    [[nodiscard]] bool finishChoice(const Means &means);

    ChatRequest m_request;
    std::shared_ptr<AnswerChannel> m_channel;
    QList<PreparedPrompt> m_prompts;
    std::unique_ptr<Generation> m_generation;
    int m_choice = 0;
    Usage m_usage;
};

} // namespace gatehouse

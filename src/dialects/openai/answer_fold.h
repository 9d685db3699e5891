// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "chat/message.h"
#include "dialects/json/writer.h"
#include "dialects/openai/answer_head.h"

#include <optional>
#include <vector>

namespace gatehouse::openai {

/// Puts the events of an answer together to one chat.completion or text_completion object.
class AnswerFold
{
public:
    void add(const TextDelta &delta);
    void add(const ReasoningDelta &delta);
    void add(const RefusalDelta &delta);
    void add(const ToolCallDelta &delta);
    void add(const ChoiceFinished &finished);
    void add(const UsageReported &reported) { m_usage = reported.usage; }

    [[nodiscard]] QByteArray body(const AnswerHead &head) const;

private:
    struct Choice
    {
        QByteArray text = {};
        QByteArray reasoning = {};
        QByteArray refusal = {};
        QList<ToolCall> toolCalls = {};
        QList<TokenLogprob> logprobs = {};
        FinishReason reason = FinishReason::Stop;
    };

    Choice &choiceAt(int index);
    void writeChoice(json::Writer &writer, qsizetype index, AnswerKind kind) const;
    static void writeMessage(json::Writer &writer, const Choice &choice);

    std::vector<Choice> m_choices;
    std::optional<Usage> m_usage;
};

} // namespace gatehouse::openai

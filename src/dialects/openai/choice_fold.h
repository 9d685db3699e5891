// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "chat/message.h"
#include "dialects/json/writer.h"

namespace gatehouse::openai {

/// One choice of an answer, put together of its events.
struct ChoiceFold
{
    QByteArray text = {};
    QByteArray reasoning = {};
    QByteArray refusal = {};
    QList<ToolCall> toolCalls = {};
    QList<TokenLogprob> logprobs = {};
    FinishReason reason = FinishReason::Stop;

    void add(const TextDelta &delta);
    void add(const ReasoningDelta &delta) { reasoning += delta.text; }
    void add(const RefusalDelta &delta) { refusal += delta.text; }
    void add(const ToolCallDelta &delta);
    void add(const ChoiceFinished &finished) { reason = finished.reason; }
};

/// Writes the member `tool_calls`.
void writeToolCalls(json::Writer &writer, const QList<ToolCall> &calls);

} // namespace gatehouse::openai

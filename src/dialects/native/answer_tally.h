// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "dialects/json/writer.h"
#include "dialects/openai/choice_fold.h"

#include <chrono>
#include <initializer_list>

namespace gatehouse::native {

/// An answer put together of its events, for the dialects that tell the first choice only. The text of a
/// refusal counts as text. Of an answer without an end, maxBytes are kept: the text, what was thought and the
/// calls' arguments are cut there, and what would have ended as `stop` then ends as `length`.
class AnswerTally
{
public:
    static constexpr qsizetype maxBytes = 16 * 1024 * 1024;

    /// An empty model: the name that the backend answers under.
    AnswerTally(QByteArray id, QByteArray model)
        : m_id(std::move(id))
        , m_model(std::move(model))
    {}

    void add(const ChatEvent &event);

    [[nodiscard]] const QList<ToolCall> &toolCalls() const { return m_choice.toolCalls; }

    /// The end, whatever it was until now.
    void finishAs(FinishReason reason) { m_choice.reason = reason; }

    /// Writes `id`, `model`, the text under each of the names, `usage`, `latency_ms`, `finish_reason` and,
    /// where there are, `reasoning` and `tool_calls`, into an object that the caller has begun.
    void write(json::Writer &writer, std::chrono::milliseconds latency,
               std::initializer_list<QByteArrayView> textNames) const;

private:
    void take(const AnswerStarted &started);
    void take(const TextDelta &delta);
    void take(const ReasoningDelta &delta);
    void take(ToolCallDelta delta);
    void take(const UsageReported &reported) { m_usage = reported.usage; }
    void take(const RefusalDelta &delta) { take(TextDelta{.choice = delta.choice, .text = delta.text}); }
    /// Ends and vectors are no part of a choice.
    template <typename Part>
    void take(const Part &part)
    {
        if constexpr (requires { m_choice.add(part); }) {
            if (part.choice == 0)
                m_choice.add(part);
        }
    }

    /// The part of it that there is room for, in whole characters.
    [[nodiscard]] QByteArray fitting(const QByteArray &text);
    [[nodiscard]] FinishReason reason() const;

    QByteArray m_id;
    QByteArray m_model;
    qsizetype m_room = maxBytes;
    bool m_isCut = false;
    openai::ChoiceFold m_choice;
    Usage m_usage;
};

/// The text that the event adds to the first choice, or nothing.
[[nodiscard]] QByteArray textOf(const ChatEvent &event);

} // namespace gatehouse::native

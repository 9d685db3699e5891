// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/answer_encoder.h"
#include "dialects/native/answer_tally.h"

#include <chrono>
#include <functional>

namespace gatehouse::native {

/// How an answer in the dialect of /api/chat reaches its caller.
enum class Framing {
    Folded, ///< One JSON body, with AnswerCompleted: `{id, model, content, usage, latency_ms, …}`.
    Events, ///< Server-sent events: `data: {"type":"token",…}\n\n`.
    Texts,  ///< The same JSON texts bare, one WebSocket message an event.
};

struct AnswerHead
{
    QByteArray id;
    QByteArray model = {}; ///< Empty: the name that the backend answers under.
    Framing framing = Framing::Folded;
    /// How long the answer has taken so far; asked once, at the end.
    std::function<std::chrono::milliseconds()> latency;
};

/// The dialect of A and C, which their clients speak on /api/chat, /ws/chat and /websockets/chat (contract
/// §§ 1, 2): `{"type":"token","token"}`, and at the end `{"type":"done","id","model","content","usage",
/// "latency_ms","finish_reason"}` or `{"type":"error","error":{…},"detail"}`. In one piece: the members of
/// `done` without the type, or the error's body as /api has it.
///
/// Only the first choice is told. The text of a refusal counts as text. Thinking aloud is
/// `{"type":"reasoning","token"}` and `reasoning` at the end; tool calls are one `{"type":"tool_calls",
/// "tool_calls":[…]}` before the end and `tool_calls` at the end, which those clients skip. Figures that
/// nobody reported are 0. The end holds at most AnswerTally::maxBytes of text, however long the answer was.
class AnswerEncoder final : public gatehouse::AnswerEncoder
{
public:
    explicit AnswerEncoder(AnswerHead head);

    [[nodiscard]] QByteArray encode(const ChatEvent &event) override;

private:
    [[nodiscard]] QByteArray encodeToken(QByteArrayView type, QByteArrayView token) const;
    [[nodiscard]] QByteArray encodeToolCalls() const;
    [[nodiscard]] QByteArray encodeEnd() const;
    [[nodiscard]] QByteArray frame(const QByteArray &json) const;

    AnswerHead m_head;
    AnswerTally m_tally;
    bool m_over = false;
};

} // namespace gatehouse::native

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/answer_encoder.h"
#include "dialects/native/answer_tally.h"

#include <chrono>
#include <functional>

namespace gatehouse::gemma {

struct AnswerHead
{
    QByteArray id;
    QByteArray sessionId;
    QByteArray model = {};                              ///< Empty: the name that the backend answers under.
    bool stream = true;                                 ///< False: no chunks, only the end.
    std::function<std::chrono::milliseconds()> latency; ///< How long the answer has taken; asked at the end.
};

/// The answers on `/ws` (contract §2): `chat_chunk` with `data: {"content", "delta"}` (the same text under
/// both names) for each piece, `chat_complete` with `data: {"id", "model", "content", "response", "usage",
/// "latency_ms", "finish_reason"}` at the end (`response` is the same text as `content`; `reasoning` and
/// `tool_calls` are there where there are any), or `error`. Only the first choice is told.
/// The end holds at most AnswerTally::maxBytes of text, however long the answer was.
class AnswerEncoder final : public gatehouse::AnswerEncoder
{
public:
    explicit AnswerEncoder(AnswerHead head);

    [[nodiscard]] QByteArray encode(const ChatEvent &event) override;

private:
    [[nodiscard]] QByteArray encodeChunk(QByteArrayView text) const;
    [[nodiscard]] QByteArray encodeEnd() const;

    AnswerHead m_head;
    native::AnswerTally m_tally;
    bool m_over = false;
};

} // namespace gatehouse::gemma

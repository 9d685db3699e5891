// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/answer_reader.h"
#include "chat/chat_request.h"
#include "dialects/openai/event_decoder.h"
#include "dialects/sse/sse_decoder.h"

namespace gatehouse {

/// The answers of OpenAI-compatible servers: an event stream or one JSON body, whichever the Content-Type
/// says, since servers answer either way to either wish. Where it says neither, what was asked for.
class OpenAiReader final : public AnswerReader
{
public:
    /// One event of a stream; some servers put a whole image into one.
    static constexpr qsizetype maxEventBytes = 16 * 1024 * 1024;
    /// An answer in one piece, which may come where a stream was asked for.
    static constexpr qsizetype maxBodyBytes = 64 * 1024 * 1024;

    OpenAiReader(QByteArray toolCallIdPrefix, const ChatRequest &request);

    void begin(const QByteArray &contentType) override;
    void append(const QByteArray &bytes) override;
    [[nodiscard]] std::optional<ChatEvents> next() override;
    [[nodiscard]] ChatEvents end() override;

private:
    openai::EventDecoder m_events;
    sse::SseDecoder m_sse{maxEventBytes};
    QByteArray m_body; ///< Of an answer in one piece.
    bool m_isStream;
    bool m_overflowed = false;
};

} // namespace gatehouse

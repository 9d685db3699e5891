// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "engine/text/stop_matcher.h"
#include "engine/text/utf8_assembler.h"

#include <optional>

namespace gatehouse {

/// Turns the tokens of one choice into the text that its reader may see: whole code points, cut at a stop
/// string, each token's log probability beside the text that completes it.
class AnswerText
{
public:
    struct Piece
    {
        QByteArray text;
        QList<TokenLogprob> logprobs;
    };

    explicit AnswerText(const QList<QByteArray> &stops)
        : m_matcher(stops)
    {}

    [[nodiscard]] Piece push(QByteArrayView token, std::optional<TokenLogprob> logprob = {});
    [[nodiscard]] Piece finish();
    [[nodiscard]] bool stopped() const { return m_matcher.matched(); }

private:
    /// A token whose text is not out yet, and where that text ends in the whole answer.
    struct Waiting
    {
        TokenLogprob logprob;
        qsizetype end;
    };

    [[nodiscard]] Piece release(QByteArray text);

    Utf8Assembler m_utf8;
    StopMatcher m_matcher;
    QList<Waiting> m_waiting;
    qsizetype m_taken = 0;    ///< Bytes of text that the tokens so far made.
    qsizetype m_released = 0; ///< Bytes of it that are out.
};

} // namespace gatehouse

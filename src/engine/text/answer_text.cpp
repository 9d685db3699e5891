// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/text/answer_text.h"

namespace gatehouse {

AnswerText::Piece AnswerText::push(QByteArrayView token, std::optional<TokenLogprob> logprob)
{
    const QByteArray text = m_utf8.push(token);
    m_taken += text.size();
    if (logprob)
        m_waiting.append({std::move(*logprob), m_taken});
    return release(m_matcher.push(text));
}

AnswerText::Piece AnswerText::finish()
{
    QByteArray text = m_matcher.push(m_utf8.finish());
    text += m_matcher.finish();
    Piece piece = release(std::move(text));
    // A token that made no text of its own (a control token at the end) still was said.
    if (!stopped()) {
        for (Waiting &waiting : m_waiting)
            piece.logprobs.append(std::move(waiting.logprob));
    }
    m_waiting.clear();
    return piece;
}

AnswerText::Piece AnswerText::release(QByteArray text)
{
    m_released += text.size();
    Piece piece{.text = std::move(text), .logprobs = {}};
    if (piece.text.isEmpty())
        return piece;
    while (!m_waiting.isEmpty() && m_waiting.first().end <= m_released)
        piece.logprobs.append(m_waiting.takeFirst().logprob);
    return piece;
}

} // namespace gatehouse

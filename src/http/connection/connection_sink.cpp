// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/connection_sink.h"

#include "http/wire/response_head.h"

namespace gatehouse {

namespace {

constexpr qint64 congestedAbove = 256 * 1024;
constexpr qint64 drainedBelow = congestedAbove / 2;

} // namespace

ConnectionSink::ConnectionSink(AnswerOutlet &outlet, AnswerTerms terms, QObject *parent)
    : ResponseSink(parent)
    , m_outlet(&outlet)
    , m_terms(std::move(terms))
{}

void ConnectionSink::send(const Response &response)
{
    if (!m_outlet || m_state != State::Fresh)
        return;
    const bool mayHaveBody = allowsBody(response.status);
    AnswerFraming framing;
    if (mayHaveBody)
        framing.contentLength = response.body.size();
    m_outlet->answerBuffer().append(
        renderAnswerHead(response.status, response.headers, m_terms, framing, m_outlet->date()));
    m_state = State::Streaming;
    if (mayHaveBody && !m_terms.isHead)
        append(response.body);
    endAnswer();
}

void ConnectionSink::begin(int status, const Headers &headers)
{
    if (!m_outlet || m_state != State::Fresh)
        return;
    const bool mayHaveBody = allowsBody(status);
    m_chunked = mayHaveBody && m_terms.minorVersion >= 1;
    if (mayHaveBody && !m_chunked && !m_terms.isHead)
        m_terms.keepAlive = false; // Only closing tells an HTTP/1.0 client where the body ends.
    m_outlet->answerBuffer().append(
        renderAnswerHead(status, headers, m_terms, {.chunked = m_chunked}, m_outlet->date()));
    m_state = State::Streaming;
    m_outlet->said();
    // Nothing more will ever be sent: whatever would go on producing a body ends with its sink.
    if (!mayHaveBody || m_terms.isHead) {
        m_chunked = false;
        endAnswer();
    }
}

void ConnectionSink::write(const QByteArray &bytes)
{
    if (m_outlet && m_state == State::Streaming && !bytes.isEmpty())
        append(bytes);
}

void ConnectionSink::append(const QByteArray &bytes)
{
    QByteArray &buffer = m_outlet->answerBuffer();
    const qsizetype before = buffer.size();
    if (m_chunked)
        appendChunk(buffer, bytes);
    else
        buffer.append(bytes);
    m_bodyBytes += buffer.size() - before;
    m_outlet->said();
}

void ConnectionSink::end()
{
    if (!m_outlet || m_state != State::Streaming)
        return;
    if (m_chunked) {
        m_outlet->answerBuffer().append(lastChunk);
        m_bodyBytes += qsizetype(sizeof(lastChunk)) - 1;
    }
    endAnswer();
}

void ConnectionSink::endAnswer()
{
    m_state = State::Ended;
    if (m_outlet) // Not aborted by whoever was told that it is congested.
        m_outlet->answerEnded(m_terms.keepAlive);
}

void ConnectionSink::abort()
{
    if (!m_outlet)
        return;
    AnswerOutlet *outlet = m_outlet;
    const bool bodyHasNoEnd = m_state == State::Streaming && !m_chunked;
    retire();
    outlet->answerAborted(bodyHasNoEnd);
}

qint64 ConnectionSink::pendingBytes() const
{
    return m_outlet ? m_outlet->pendingBytes() : 0;
}

void ConnectionSink::reportPending(qint64 pending)
{
    if (!m_congested && pending > congestedAbove) {
        m_congested = true;
        Q_EMIT congested();
    } else if (m_congested && pending < drainedBelow) {
        m_congested = false;
        Q_EMIT drained();
    }
}

void ConnectionSink::reportFinished()
{
    retire();
    Q_EMIT finished(m_bodyBytes);
}

void ConnectionSink::reportGone()
{
    retire();
    Q_EMIT clientGone();
}

void ConnectionSink::retire()
{
    m_outlet = nullptr;
    m_state = State::Ended;
    deleteLater();
}

} // namespace gatehouse

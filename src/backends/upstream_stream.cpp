// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/upstream_stream.h"

#include "backends/retry_after.h"
#include "dialects/openai/upstream_error.h"

namespace gatehouse {

UpstreamStream::UpstreamStream(UpstreamReplyPtr reply, std::unique_ptr<AnswerReader> reader,
                               ReplyDrain &drain)
    : m_reply(std::move(reply))
    , m_reader(std::move(reader))
    , m_drain(&drain)
{
    connect(m_reply.get(), &UpstreamReply::headReceived, this, &UpstreamStream::onHead);
    connect(m_reply.get(), &UpstreamReply::dataReceived, this, &UpstreamStream::onData);
    connect(m_reply.get(), &UpstreamReply::finished, this, &UpstreamStream::onFinished);
    connect(m_reply.get(), &UpstreamReply::failed, this, &UpstreamStream::onFailed);
}

void UpstreamStream::pause()
{
    if (m_paused || !m_reply)
        return;
    m_paused = true;
    m_reply->pause();
}

void UpstreamStream::resume()
{
    if (!m_paused)
        return;
    m_paused = false;
    QMetaObject::invokeMethod(this, &UpstreamStream::goOn, Qt::QueuedConnection);
}

void UpstreamStream::cancel()
{
    m_reply.reset();
}

// What was read before the pause comes first.
void UpstreamStream::goOn()
{
    pump();
    if (m_reply && !m_paused)
        m_reply->resume();
}

void UpstreamStream::onHead()
{
    const int status = m_reply->status();
    m_refused = status < 200 || status > 299;
    if (m_refused)
        return;
    const QByteArray encoding = m_reply->header("content-encoding").trimmed().toLower();
    if (!encoding.isEmpty() && encoding != "identity")
        return fail(openai::garbageError(QStringLiteral("compressed, though asked not to: ") +
                                         QString::fromLatin1(encoding.left(32))));
    m_reader->begin(m_reply->header("content-type"));
}

void UpstreamStream::onData(const QByteArray &bytes)
{
    if (m_refused) {
        m_errorBody += bytes.first(std::min(bytes.size(), maxErrorBytes - m_errorBody.size()));
        return;
    }
    m_reader->append(bytes);
    pump();
}

void UpstreamStream::pump()
{
    while (m_reply && !m_paused && !m_refused) {
        const std::optional<ChatEvents> events = m_reader->next();
        if (!events)
            return;
        tell(*events);
    }
}

void UpstreamStream::onFinished()
{
    m_ended = true;
    if (m_refused)
        return fail(refusal());
    tell(m_reader->end());
}

void UpstreamStream::onFailed(const Error &error)
{
    m_ended = true;
    // A refusal that breaks off is still a refusal, and says more than the broken connection.
    fail(m_refused && !m_errorBody.isEmpty() ? refusal() : error);
}

Error UpstreamStream::refusal() const
{
    const int status = m_reply->status();
    Error error = openai::decodeError(status, m_errorBody);
    if (status >= 300 && status < 400) {
        error.message =
            QStringLiteral("The upstream answered %1: a redirect, which is not followed").arg(status);
        error.detail = QString::fromLatin1(m_reply->header("location").left(512));
    }
    error.retryAfter = parseRetryAfter(m_reply->header("retry-after"), QDateTime::currentDateTimeUtc());
    return error;
}

void UpstreamStream::tell(const ChatEvents &events)
{
    for (const ChatEvent &each : events) {
        if (!m_reply)
            return;
        const bool complete = std::holds_alternative<AnswerCompleted>(each);
        if (complete || std::holds_alternative<AnswerFailed>(each))
            endOver(complete);
        Q_EMIT event(each);
    }
}

void UpstreamStream::fail(const Error &error)
{
    endOver(false);
    Q_EMIT event(AnswerFailed{error});
}

void UpstreamStream::endOver(bool complete)
{
    if (complete && !m_ended && m_drain)
        m_drain->adopt(std::move(m_reply));
    m_reply.reset();
}

} // namespace gatehouse

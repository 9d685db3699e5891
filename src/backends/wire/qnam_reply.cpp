// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/qnam_reply.h"

namespace gatehouse {

QnamReply::QnamReply(const UpstreamRequest &request, QNetworkReply *reply, RequestBody *body,
                     ConnectionSlots::Lease slot)
    : TimedReply(request)
    , m_reply(reply)
    , m_slot(std::move(slot))
    , m_hasBody(body)
{
    connectReply(body);
}

QnamReply::~QnamReply()
{
    end();
    delete m_reply;
}

void QnamReply::connectReply(RequestBody *body)
{
    QNetworkReply *reply = m_reply;
    if (body)
        connect(reply, &QNetworkReply::socketStartedConnecting, body, &RequestBody::markFreshConnection);
    connect(reply, &QNetworkReply::requestSent, this, &QnamReply::onRequestSent);
    connect(reply, &QNetworkReply::uploadProgress, this, &QnamReply::onUploadProgress);
    connect(reply, &QNetworkReply::metaDataChanged, this, &QnamReply::onHead);
    connect(reply, &QNetworkReply::readyRead, this, &QnamReply::deliver);
    connect(reply, &QNetworkReply::finished, this, &QnamReply::onFinished);
    // The thread that does the reading learns the size only if it has got the request, and that is handed
    // over by a queued call made within post(). Ours comes right after it; set any later, what arrived in
    // between would widen the bound for good.
    QMetaObject::invokeMethod(
        reply, [reply] { reply->setReadBufferSize(readBufferSize); }, Qt::QueuedConnection);
}

QByteArray QnamReply::header(const QByteArray &name) const
{
    return m_reply ? m_reply->rawHeader(name) : QByteArray();
}

void QnamReply::pause()
{
    if (m_paused || m_over)
        return;
    m_paused = true;
    notePaused();
}

void QnamReply::resume()
{
    if (!m_paused)
        return;
    m_paused = false;
    noteResumed();
    QMetaObject::invokeMethod(this, &QnamReply::drain, Qt::QueuedConnection);
}

void QnamReply::cancel()
{
    end();
}

// Signalled once the head and the first part of the body have been written: for plain http and https alike
// the earliest thing in Qt's public API that proves a connection.
void QnamReply::onRequestSent()
{
    noteConnected();
    if (!m_hasBody)
        noteWritten(true);
}

void QnamReply::onUploadProgress(qint64 sent, qint64 size)
{
    if (isConnected())
        noteWritten(sent == size);
}

void QnamReply::onHead()
{
    if (m_status != 0)
        return;
    noteConnected();
    noteWritten(true);
    m_status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    Q_EMIT headReceived();
}

void QnamReply::deliver()
{
    if (m_paused || m_over || !m_reply)
        return;
    const qint64 size = m_reply->bytesAvailable();
    if (size <= 0)
        return;
    const QByteArray bytes = m_reply->read(size);
    if (!noteReceived(bytes.size()))
        return fail({.code = ErrorCode::UpstreamFailed,
                     .message = QStringLiteral("The upstream's answer is too large")});
    Q_EMIT dataReceived(bytes);
}

void QnamReply::drain()
{
    deliver();
    if (m_finished && !m_paused && !m_over && m_reply)
        onFinished();
}

void QnamReply::onFinished()
{
    m_finished = true;
    stopTimer();
    if (m_paused)
        return;
    deliver();
    if (m_paused || m_over)
        return;
    if (!isAnswered() || isCutShort())
        return fail(transportError());
    end();
    Q_EMIT finished();
}

// QNetworkReply reports the statuses from 400 up as errors, too, some under the codes of transport errors.
bool QnamReply::isAnswered() const
{
    if (m_status < 200)
        return false;
    switch (m_reply->error()) {
    case QNetworkReply::NoError:
        return true;
    case QNetworkReply::ContentReSendError: // 307 and 308: our body refused to be rewound for a redirect.
        return true;
    case QNetworkReply::ProxyAuthenticationRequiredError:
        return m_status == 407;
    case QNetworkReply::ProtocolInvalidOperationError:
        return m_status == 400 || m_status == 418;
    case QNetworkReply::ProtocolFailure:
        return false;
    default:
        return m_status >= 400 && m_reply->error() > QNetworkReply::UnknownProxyError;
    }
}

// When the close is read together with the last bytes, QNetworkAccessManager may take what came for the whole
// answer. Where a length was announced that shows here; a chunked answer without its last chunk does not, and
// the dialects notice that its end is missing.
bool QnamReply::isCutShort() const
{
    bool isKnown = false;
    const qint64 announced = m_reply->rawHeader("Content-Length").toLongLong(&isKnown);
    return isKnown && receivedBytes() < announced;
}

Error QnamReply::transportError() const
{
    Error error{.code = ErrorCode::UpstreamFailed,
                .message = {},
                .detail = target() + QStringLiteral(": ") + m_reply->errorString()};
    const QNetworkReply::NetworkError code = m_reply->error();
    if (code == QNetworkReply::SslHandshakeFailedError) {
        error.code = ErrorCode::UpstreamUnreachable;
        error.message = QStringLiteral("No secure connection to the upstream");
    } else if (code == QNetworkReply::TimeoutError) {
        error.code = ErrorCode::UpstreamTimeout;
        error.message = QStringLiteral("The connection to the upstream timed out");
    } else if (!isConnected()) {
        error.code = ErrorCode::UpstreamUnreachable;
        error.message = QStringLiteral("The upstream could not be connected to");
    } else if (m_status == 0) {
        error.message = QStringLiteral("The upstream closed the connection without an answer");
    } else if (m_status < 200) {
        error.message = QStringLiteral("The upstream's answer is not one that HTTP knows");
    } else {
        error.message = QStringLiteral("The upstream broke off its answer");
    }
    return error;
}

void QnamReply::fail(const Error &error)
{
    end();
    Q_EMIT failed(error);
}

void QnamReply::end()
{
    m_over = true;
    stopTimer();
    if (m_reply) {
        m_reply->disconnect(this);
        m_reply->abort();
    }
    m_slot.release();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/plain_reply.h"

#include "backends/wire/request_head.h"

#include <QNetworkProxy>

namespace gatehouse {

namespace {

constexpr quint16 defaultPort = 80;

Error brokenAnswer(const QString &detail)
{
    return {.code = ErrorCode::UpstreamFailed,
            .message = QStringLiteral("The upstream's answer is not one that HTTP knows"),
            .detail = detail};
}

} // namespace

PlainReply::PlainReply(const UpstreamRequest &request, ConnectionPool &pool)
    : TimedReply(request)
    , m_pool(&pool)
    , m_host(request.url.host())
    , m_request(encodeRequestHead(request))
    , m_port(static_cast<quint16>(request.url.port(defaultPort)))
{
    m_request += request.body;
    m_origin = m_host.toUtf8() + ':' + QByteArray::number(m_port);
    if (SocketPtr waiting = pool.take(m_origin)) {
        m_reused = true;
        use(std::move(waiting));
        onConnected();
    } else {
        openConnection();
    }
    m_starting = false;
}

PlainReply::~PlainReply() = default;

void PlainReply::use(SocketPtr socket)
{
    m_socket = std::move(socket);
    connect(m_socket.get(), &QTcpSocket::readyRead, this, &PlainReply::read);
    connect(m_socket.get(), &QTcpSocket::bytesWritten, this, &PlainReply::onBytesWritten);
    connect(m_socket.get(), &QTcpSocket::errorOccurred, this, &PlainReply::onDisconnected);
}

void PlainReply::openConnection()
{
    m_reused = false;
    m_open = false;
    SocketPtr socket(new QTcpSocket);
    socket->setProxy(QNetworkProxy::NoProxy);
    socket->setReadBufferSize(readBufferSize);
    use(std::move(socket));
    connect(m_socket.get(), &QTcpSocket::connected, this, &PlainReply::onConnected);
    m_socket->connectToHost(m_host, m_port);
}

void PlainReply::onConnected()
{
    if (!m_reused) {
        m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        m_socket->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    }
    m_open = true;
    m_wrote = std::chrono::steady_clock::now();
    noteConnected();
    m_socket->write(m_request);
    m_socket->flush(); // Rather than on the event loop's next turn.
}

void PlainReply::onBytesWritten()
{
    m_wrote = std::chrono::steady_clock::now();
    noteWritten(m_socket->bytesToWrite() == 0);
}

QByteArray PlainReply::header(const QByteArray &name) const
{
    return m_parser.header(name.toLower());
}

void PlainReply::pause()
{
    if (m_paused || m_over)
        return;
    m_paused = true;
    notePaused();
}

void PlainReply::resume()
{
    if (!m_paused)
        return;
    m_paused = false;
    noteResumed();
    QMetaObject::invokeMethod(this, &PlainReply::goOn, Qt::QueuedConnection);
}

void PlainReply::goOn()
{
    if (m_over || m_paused)
        return;
    if (m_complete)
        return complete();
    read();
    if (!m_over && !m_paused && m_socket && m_socket->state() == QAbstractSocket::UnconnectedState)
        endOfConnection();
}

void PlainReply::cancel()
{
    m_over = true;
    stopTimer();
    m_socket.reset();
}

void PlainReply::read()
{
    while (!m_over && !m_paused && !m_complete && m_socket && m_socket->bytesAvailable() > 0)
        take(m_socket->read(m_socket->bytesAvailable()));
}

void PlainReply::take(const QByteArray &bytes)
{
    QByteArrayView input(bytes);
    QByteArrayView piece;
    QByteArray body;
    for (;;) {
        const ResponseParser::Step step = m_parser.next(input, piece);
        if (step == ResponseParser::Step::Body) {
            body.append(piece.data(), piece.size());
            continue;
        }
        if (step == ResponseParser::Step::Head) {
            m_request.clear();
            noteWritten(true);
            Q_EMIT headReceived();
            if (m_over)
                return;
            continue;
        }
        m_complete = step == ResponseParser::Step::Complete;
        if (m_complete)
            releaseConnection(input.isEmpty());
        if (!body.isEmpty() && !noteReceived(body.size()))
            return fail({.code = ErrorCode::UpstreamFailed,
                         .message = QStringLiteral("The upstream's answer is too large"),
                         .detail = target()});
        if (!body.isEmpty())
            Q_EMIT dataReceived(body);
        if (m_over)
            return;
        if (step == ResponseParser::Step::Broken)
            return fail(brokenAnswer(target()));
        if (m_complete)
            complete();
        return;
    }
}

// Back to the pool if the connection is clean: nothing more came, and nothing of the request is left.
void PlainReply::releaseConnection(bool atEnd)
{
    m_socket->disconnect(this);
    const bool clean = atEnd && m_parser.keepsConnection() && m_socket->bytesAvailable() == 0 &&
                       m_socket->bytesToWrite() == 0 && m_socket->state() == QAbstractSocket::ConnectedState;
    if (clean && m_pool)
        m_pool->giveBack(m_origin, std::move(m_socket));
    m_socket.reset();
}

void PlainReply::complete()
{
    stopTimer();
    if (m_paused)
        return;
    m_over = true;
    Q_EMIT finished();
}

// Refused, reset, or closed by the upstream, which is how some answers end.
void PlainReply::onDisconnected()
{
    if (!m_open || mayTryAgain())
        return endOfConnection();
    read();
    if (!m_over && !m_paused && m_socket)
        endOfConnection();
}

/// A connection that was closed for idleness tells so at once. Whoever closes it later may have worked on the
/// request, and may have died of it.
bool PlainReply::mayTryAgain() const
{
    constexpr std::chrono::seconds atOnce(1);
    return m_reused && !m_parser.hasBegun() && m_socket && m_socket->bytesAvailable() == 0 &&
           std::chrono::steady_clock::now() - m_wrote < atOnce;
}

void PlainReply::endOfConnection()
{
    const QString detail = target() + QStringLiteral(": ") + m_socket->errorString();
    if (mayTryAgain()) { // The upstream's idle timeout crossed our request (RFC 9112, 9.3.1).
        m_sentBefore = true;
        return openConnection();
    }
    if (!m_open && !m_sentBefore)
        return fail({.code = ErrorCode::UpstreamUnreachable,
                     .message = QStringLiteral("The upstream could not be connected to"),
                     .detail = detail});
    if (m_parser.endOfInput() == ResponseParser::Step::Complete) {
        m_complete = true;
        m_socket.reset();
        return complete();
    }
    fail({.code = ErrorCode::UpstreamFailed,
          .message = status() == 0 ? QStringLiteral("The upstream closed the connection without an answer")
                                   : QStringLiteral("The upstream broke off its answer"),
          .detail = detail});
}

void PlainReply::fail(const Error &error)
{
    const auto tell = [this, error] {
        if (m_over)
            return;
        cancel();
        Q_EMIT failed(error);
    };
    if (!m_starting)
        return tell();
    m_socket.reset();
    QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
}

} // namespace gatehouse

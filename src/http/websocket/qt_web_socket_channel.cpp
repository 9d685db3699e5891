// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/websocket/qt_web_socket_channel.h"

#include "http/connection/door_socket.h"
#include "http/connection/hangup_watch.h"

#include <QWebSocket>

namespace gatehouse {

namespace {

constexpr qint64 congestedAbove = 256 * 1024;
constexpr qint64 drainedBelow = congestedAbove / 2;
constexpr qint64 cutAbove = 4 * 1024 * 1024;

// Bounds of the socket's buffer.
constexpr qint64 readAhead = 256 * 1024;
constexpr qint64 unbounded = 0;
constexpr qint64 paused = 1; // The least there is.

constexpr int toleratedSilentPings = 2;

/// QIODevice keeps a buffer of 16 KiB for good once something came through it; but it hands the buffer over
/// to whoever reads just what is in it.
void squeezeInput(QTcpSocket &socket)
{
    if (!socket.isOpen() || socket.bytesAvailable() > 0)
        return;
    socket.ungetChar('\0');
    (void)socket.read(1);
}

} // namespace

QtWebSocketChannel::QtWebSocketChannel(QTcpSocket &socket, QWebSocket &webSocket,
                                       const WebSocketLimits &limits, ConnectionSlot slot, int phase)
    : m_socket(&socket)
    , m_secure(qobject_cast<QSslSocket *>(&socket))
    , m_manner(dynamic_cast<SocketManner *>(&socket))
    , m_webSocket(webSocket)
    , m_limits(limits)
    , m_slot(std::move(slot))
    , m_phase(phase)
{
    socket.setParent(this);
    webSocket.setParent(this);
    if (m_manner)
        m_manner->setLingering(true);
    webSocket.setMaxAllowedIncomingMessageSize(static_cast<quint64>(limits.maxMessageBytes));
    webSocket.setMaxAllowedIncomingFrameSize(static_cast<quint64>(limits.maxMessageBytes));
    connectSignals();
    squeezeInput(socket);
    setReadBound(readAhead);
}

QtWebSocketChannel::~QtWebSocketChannel()
{
    m_webSocket.disconnect(this);
}

void QtWebSocketChannel::connectSignals()
{
    connect(&m_webSocket, &QWebSocket::textMessageReceived, this, &QtWebSocketChannel::takeMessage);
    connect(&m_webSocket, &QWebSocket::binaryFrameReceived, this, [this] {
        close(QWebSocketProtocol::CloseCodeDatatypeNotSupported, QStringLiteral("Text messages only."));
    });
    connect(&m_webSocket, &QWebSocket::bytesWritten, this, &QtWebSocketChannel::noteProgress);
    connect(&m_webSocket, &QWebSocket::aboutToClose, this, [this] { m_closing = true; });
    connect(&m_webSocket, &QWebSocket::disconnected, this, &QtWebSocketChannel::finish);
    connect(m_socket, &QTcpSocket::readyRead, this, &QtWebSocketChannel::noteInput);
    if (m_secure)
        connect(m_secure, &QSslSocket::encryptedBytesWritten, this, &QtWebSocketChannel::noteProgress);
}

void QtWebSocketChannel::takeMessage(const QString &text)
{
    if (!m_closing)
        Q_EMIT message(text.toUtf8());
}

// Any byte is a sign of life: a pong can't come in the middle of a large frame on a slow line. QWebSocket,
// which heard of it first, has read what it wants of it.
void QtWebSocketChannel::noteInput()
{
    m_silentPings = 0;
    if (!m_socket || m_congested)
        return;
    const qint64 waiting = m_socket->bytesAvailable();
    if (waiting >= readAhead) // It takes a frame only when all of it is there.
        setReadBound(unbounded);
    else if (waiting == 0)
        setReadBound(readAhead);
    squeezeInput(*m_socket);
}

// QWebSocket makes messages of all that is in its socket's buffer at one go, also after the channel has
// stopped reading; so this bounds how many come then. Not for TLS: there a socket with a bound may leave
// bytes behind undecrypted and not look at them again.
void QtWebSocketChannel::setReadBound(qint64 bytes)
{
    if (!m_closing)
        m_socket->setReadBufferSize(m_secure && bytes != paused ? 0 : bytes);
}

void QtWebSocketChannel::send(const QByteArray &utf8)
{
    if (m_closing || !m_socket)
        return;
    if (pendingBytes() > cutAbove) {
        m_closing = true;
        QMetaObject::invokeMethod(this, &QtWebSocketChannel::abort, Qt::QueuedConnection);
        return;
    }
    if (m_manner)
        m_manner->holdBack();
    m_webSocket.sendTextMessage(QString::fromUtf8(utf8));
    if (m_manner)
        m_manner->letGo();
    checkPending();
}

void QtWebSocketChannel::close(quint16 code, const QString &reason)
{
    if (std::exchange(m_closing, true))
        return;
    m_webSocket.close(static_cast<QWebSocketProtocol::CloseCode>(code), reason);
    checkPending();
}

qint64 QtWebSocketChannel::pendingBytes() const
{
    return m_webSocket.bytesToWrite() + (m_socket && m_secure ? m_secure->encryptedBytesToWrite() : 0);
}

void QtWebSocketChannel::noteProgress()
{
    if (m_writeDeadline)
        m_writeDeadline->clear();
    checkPending();
}

void QtWebSocketChannel::checkPending()
{
    const qint64 pending = pendingBytes();
    watchOutput(pending);
    if (!m_congested && pending > congestedAbove) {
        m_congested = true;
        setReading(false);
        Q_EMIT congested();
    } else if (m_congested && pending < drainedBelow) {
        m_congested = false;
        setReading(true);
        Q_EMIT drained();
    }
}

void QtWebSocketChannel::watchOutput(qint64 pending)
{
    if (pending == 0 || m_finished) {
        if (m_writeDeadline)
            m_writeDeadline->clear();
        return;
    }
    if (!m_writeDeadline) {
        m_writeDeadline = std::make_unique<Deadline>();
        connect(m_writeDeadline.get(), &Deadline::passed, this, &QtWebSocketChannel::abort);
    }
    if (!m_writeDeadline->isSet())
        m_writeDeadline->set(m_limits.writeTimeout);
}

void QtWebSocketChannel::setReading(bool reading)
{
    if (reading && m_hangupWatch)
        m_hangupWatch->stop();
    if (!m_socket || m_closing)
        return;
    setReadBound(reading ? readAhead : paused);
    if (reading)
        return squeezeInput(*m_socket); // A TLS socket looks after what it has left undecrypted.
    if (!m_hangupWatch) {
        m_hangupWatch = std::make_unique<HangupWatch>();
        connect(m_hangupWatch.get(), &HangupWatch::hungUp, this, &QtWebSocketChannel::abort);
    }
    m_hangupWatch->start(static_cast<int>(m_socket->socketDescriptor()));
}

void QtWebSocketChannel::beat(int phase)
{
    if (phase != m_phase || m_finished)
        return;
    if (m_congested) // It is not listened to; whether it reads is what counts.
        return;
    if (m_silentPings == toleratedSilentPings)
        return abort();
    ++m_silentPings;
    m_webSocket.ping();
}

void QtWebSocketChannel::abort()
{
    if (m_socket && m_manner)
        m_manner->setLingering(false); // Qt's abort() goes through close().
    m_webSocket.abort();
}

void QtWebSocketChannel::finish()
{
    if (std::exchange(m_finished, true))
        return;
    m_closing = true;
    if (m_writeDeadline)
        m_writeDeadline->clear();
    if (m_hangupWatch)
        m_hangupWatch->stop();
    Q_EMIT closed();
    deleteLater();
}

} // namespace gatehouse

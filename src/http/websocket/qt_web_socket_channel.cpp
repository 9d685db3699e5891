// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/websocket/qt_web_socket_channel.h"

#include "http/connection/door_socket.h"

#include <QWebSocket>

namespace gatehouse {

namespace {

constexpr qint64 congestedAbove = 256 * 1024;
constexpr qint64 drainedBelow = congestedAbove / 2;
constexpr int toleratedSilentPings = 2;

} // namespace

QtWebSocketChannel::QtWebSocketChannel(QTcpSocket &socket, QWebSocket &webSocket,
                                       const WebSocketLimits &limits, ConnectionSlot slot)
    : m_socket(&socket)
    , m_webSocket(webSocket)
    , m_limits(limits)
    , m_slot(std::move(slot))
{
    socket.setParent(this);
    webSocket.setParent(this);
    if (auto *manner = dynamic_cast<CloseManner *>(&socket))
        manner->setLingering(true);
    webSocket.setMaxAllowedIncomingMessageSize(static_cast<quint64>(limits.maxMessageBytes));
    webSocket.setMaxAllowedIncomingFrameSize(static_cast<quint64>(limits.maxMessageBytes));
    connectSignals();
    m_ping.start(limits.pingInterval);
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
    connect(&m_webSocket, &QWebSocket::bytesWritten, this, [this] {
        m_writeDeadline.clear();
        checkPending();
    });
    connect(&m_webSocket, &QWebSocket::aboutToClose, this, [this] { m_closing = true; });
    connect(&m_webSocket, &QWebSocket::disconnected, this, &QtWebSocketChannel::finish);
    // Any byte is a sign of life: a pong can't come in the middle of a large frame on a slow line.
    connect(m_socket, &QTcpSocket::readyRead, this, [this] { m_silentPings = 0; });
    connect(&m_ping, &QTimer::timeout, this, &QtWebSocketChannel::beat);
    connect(&m_writeDeadline, &Deadline::passed, this, &QtWebSocketChannel::abort);
}

void QtWebSocketChannel::takeMessage(const QString &text)
{
    if (!m_closing)
        Q_EMIT message(text.toUtf8());
}

void QtWebSocketChannel::send(const QByteArray &utf8)
{
    if (m_closing)
        return;
    m_webSocket.sendTextMessage(QString::fromUtf8(utf8));
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
    return m_webSocket.bytesToWrite();
}

void QtWebSocketChannel::checkPending()
{
    const qint64 pending = pendingBytes();
    if (pending == 0)
        m_writeDeadline.clear();
    else if (!m_writeDeadline.isSet())
        m_writeDeadline.set(m_limits.writeTimeout);

    if (!m_congested && pending > congestedAbove) {
        m_congested = true;
        Q_EMIT congested();
    } else if (m_congested && pending < drainedBelow) {
        m_congested = false;
        Q_EMIT drained();
    }
}

void QtWebSocketChannel::beat()
{
    if (m_silentPings == toleratedSilentPings)
        return abort();
    ++m_silentPings;
    m_webSocket.ping();
}

void QtWebSocketChannel::abort()
{
    if (auto *manner = dynamic_cast<CloseManner *>(m_socket.data()))
        manner->setLingering(false); // Qt's abort() goes through close().
    m_webSocket.abort();
}

void QtWebSocketChannel::finish()
{
    if (std::exchange(m_finished, true))
        return;
    m_closing = true;
    m_ping.stop();
    m_writeDeadline.clear();
    Q_EMIT closed();
    deleteLater();
}

} // namespace gatehouse

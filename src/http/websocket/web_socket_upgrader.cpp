// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/websocket/web_socket_upgrader.h"

#include "http/connection/door_socket.h"
#include "http/websocket/web_socket_handshake.h"

#include <QNetworkRequest>
#include <QWebSocket>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr char ticketField[] = "x-gatehouse-upgrade";

/// Into how many parts the interval between two pings is split up.
constexpr int phasesOfPing = 16;

/// Puts bytes back in front of what the socket has still to give.
void unread(QTcpSocket &socket, const QByteArray &bytes)
{
    for (qsizetype i = bytes.size(); i > 0; --i)
        socket.ungetChar(bytes.at(i - 1));
}

} // namespace

WebSocketUpgrader::WebSocketUpgrader(const WebSocketLimits &limits, QObject *parent)
    : QObject(parent)
    , m_limits(limits)
    , m_server({}, QWebSocketServer::NonSecureMode)
{
    connect(&m_server, &QWebSocketServer::newConnection, this, &WebSocketUpgrader::openChannel);
    m_beat.setInterval(std::max(limits.pingInterval / phasesOfPing, std::chrono::milliseconds(1)));
    m_beat.callOnTimeout(this, &WebSocketUpgrader::beat);
}

void WebSocketUpgrader::upgrade(AcceptedUpgrade upgrade, QTcpSocket &socket, ConnectionSlot slot)
{
    const QByteArray ticket = QByteArray::number(++m_lastTicket);
    if (!upgrade.subprotocol.isEmpty()) {
        const QString subprotocol = QString::fromLatin1(upgrade.subprotocol);
        if (QStringList known = m_server.supportedSubprotocols(); !known.contains(subprotocol))
            m_server.setSupportedSubprotocols(known << subprotocol);
    }
    socket.setParent(this);
    if (auto *manner = dynamic_cast<SocketManner *>(&socket))
        manner->writeDirectly();
    // QWebSocket reads a frame only when all of it is there.
    socket.setReadBufferSize(0);
    unread(socket, renderHandshake(upgrade.head, upgrade.subprotocol, {ticketField, ticket}));
    connect(&socket, &QTcpSocket::disconnected, this, [this, ticket] { forget(ticket); });
    m_pending.emplace(ticket, Pending{std::move(upgrade), &socket, std::move(slot)});
    m_server.handleConnection(&socket);
}

void WebSocketUpgrader::openChannel()
{
    QWebSocket *webSocket = m_server.nextPendingConnection();
    auto entry = m_pending.extract(webSocket->request().rawHeader(ticketField));
    if (entry.empty() || m_closed)
        return webSocket->deleteLater();
    Pending &pending = entry.mapped();
    pending.socket->disconnect(this);
    auto *channel =
        new QtWebSocketChannel(*pending.socket, *webSocket, m_limits, std::move(pending.slot), m_phase);
    channel->setParent(this);
    if (!m_beat.isActive())
        m_beat.start();
    pending.upgrade.endpoint.handler(std::move(pending.upgrade.request), *channel);
    if (m_draining)
        Q_EMIT channel->draining();
}

void WebSocketUpgrader::forget(const QByteArray &ticket)
{
    m_pending.erase(ticket); // QWebSocketServer deletes the socket.
}

void WebSocketUpgrader::beat()
{
    m_phase = (m_phase + 1) % phasesOfPing;
    const auto channels = findChildren<QtWebSocketChannel *>(Qt::FindDirectChildrenOnly);
    for (auto *channel : channels)
        channel->beat(m_phase);
    if (channels.isEmpty())
        m_beat.stop();
}

void WebSocketUpgrader::drain()
{
    m_draining = true;
    for (auto *channel : findChildren<QtWebSocketChannel *>(Qt::FindDirectChildrenOnly))
        Q_EMIT channel->draining();
}

void WebSocketUpgrader::closeAll()
{
    m_closed = true;
    for (auto *channel : findChildren<QtWebSocketChannel *>(Qt::FindDirectChildrenOnly))
        channel->close(QWebSocketProtocol::CloseCodeGoingAway, QStringLiteral("The server is going down."));
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/router.h"
#include "http/websocket/qt_web_socket_channel.h"
#include "http/wire/request_head.h"

#include <QObject>
#include <QTimer>
#include <QWebSocketServer>

#include <map>

namespace gatehouse {

/// An upgrade that has passed every check.
struct AcceptedUpgrade
{
    RequestHead head;
    Request request;
    const Router::WebSocketEndpoint &endpoint;
    QByteArray subprotocol; ///< Empty: none.
};

/// A lane's QWebSocketServer, which never listens: it gets connections whose handshake the door has read,
/// checked and put back. Owns the channels that come of them.
class WebSocketUpgrader : public QObject
{
    Q_OBJECT
public:
    explicit WebSocketUpgrader(const WebSocketLimits &limits, QObject *parent = nullptr);

    /// Takes over `socket`, whose input has been read up to the end of the head.
    void upgrade(AcceptedUpgrade upgrade, QTcpSocket &socket, ConnectionSlot slot);

    void drain();
    /// Closes all channels with 1001. Nothing is upgraded any more.
    void closeAll();

private:
    struct Pending
    {
        AcceptedUpgrade upgrade;
        QTcpSocket *socket; ///< A child of the upgrader until its channel takes it.
        ConnectionSlot slot;
    };

    void openChannel();
    void forget(const QByteArray &ticket);
    void beat();

    const WebSocketLimits m_limits;
    QWebSocketServer m_server;
    std::map<QByteArray, Pending> m_pending;
    quint64 m_lastTicket = 0;
    QTimer m_beat;   ///< For the pings of all channels, which it spreads over their interval.
    int m_phase = 0; ///< In which part of the interval it is.
    bool m_draining = false;
    bool m_closed = false;
};

} // namespace gatehouse

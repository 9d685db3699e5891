// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/connection_slot.h"
#include "http/connection/deadline.h"
#include "http/web_socket_channel.h"

#include <QPointer>
#include <QTcpSocket>
#include <QTimer>

#include <chrono>

class QWebSocket;

namespace gatehouse {

/// What a WebSocket of this door puts up with.
struct WebSocketLimits
{
    qint64 maxMessageBytes = 16 * 1024 * 1024;
    std::chrono::milliseconds pingInterval{30'000};
    std::chrono::milliseconds writeTimeout{30'000};
};

/// A WebSocketChannel on a QWebSocket. Deletes itself after closed().
class QtWebSocketChannel final : public WebSocketChannel
{
    Q_OBJECT
public:
    /// Takes over `socket`, and `webSocket`, which speaks on it.
    QtWebSocketChannel(QTcpSocket &socket, QWebSocket &webSocket, const WebSocketLimits &limits,
                       ConnectionSlot slot);
    ~QtWebSocketChannel() override;

    void send(const QByteArray &utf8) override;
    void close(quint16 code, const QString &reason) override;
    [[nodiscard]] qint64 pendingBytes() const override;

private:
    void connectSignals();
    void takeMessage(const QString &text);
    void beat();
    void checkPending();
    void abort();
    void finish();

    QPointer<QTcpSocket> m_socket; ///< A child, until QWebSocketServer deletes it.
    QWebSocket &m_webSocket;
    const WebSocketLimits m_limits;
    const ConnectionSlot m_slot;
    QTimer m_ping;
    Deadline m_writeDeadline;
    int m_silentPings = 0;
    bool m_congested = false;
    bool m_closing = false;
    bool m_finished = false;
};

} // namespace gatehouse

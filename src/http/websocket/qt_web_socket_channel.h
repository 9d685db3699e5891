// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/connection_slot.h"
#include "http/connection/deadline.h"
#include "http/web_socket_channel.h"

#include <QPointer>
#include <QSslSocket>

#include <chrono>
#include <memory>

class QWebSocket;

namespace gatehouse {

class HangupWatch;
class SocketManner;

/// What a WebSocket of this door puts up with.
struct WebSocketLimits
{
    qint64 maxMessageBytes = 16 * 1024 * 1024;
    std::chrono::milliseconds pingInterval{30'000};
    std::chrono::milliseconds writeTimeout{30'000};
};

/// A WebSocketChannel on a QWebSocket. Deletes itself after closed(). There may be thousands that say nothing
/// for hours, so what only a busy one needs is made when it is first needed, and given back.
class QtWebSocketChannel final : public WebSocketChannel
{
    Q_OBJECT
public:
    /// Takes over `socket`, and `webSocket`, which speaks on it. `limits` outlive the channel;
    /// `phase` is that of beat().
    QtWebSocketChannel(QTcpSocket &socket, QWebSocket &webSocket, const WebSocketLimits &limits,
                       ConnectionSlot slot, int phase);
    ~QtWebSocketChannel() override;

    void send(const QByteArray &utf8) override;
    void close(quint16 code, const QString &reason) override;
    [[nodiscard]] qint64 pendingBytes() const override;

    /// The lane's pulse, many times in limits.pingInterval, where `phase` comes round once: in this channel's
    /// own phase it pings, or gives up a peer that has been silent for two pings.
    void beat(int phase);

private:
    void connectSignals();
    void takeMessage(const QString &text);
    void noteInput();
    void noteProgress();
    void checkPending();
    void watchOutput(qint64 pending);
    void setReading(bool reading);
    void setReadBound(qint64 bytes);
    void abort();
    void finish();

    QPointer<QTcpSocket> m_socket; ///< A child, until QWebSocketServer deletes it.
    QSslSocket *const m_secure;    ///< The socket, where it speaks TLS.
    SocketManner *m_manner;        ///< The socket's, if it is one of the door's.
    QWebSocket &m_webSocket;
    const WebSocketLimits &m_limits;
    const ConnectionSlot m_slot;
    std::unique_ptr<Deadline> m_writeDeadline;  ///< Made when first needed.
    std::unique_ptr<HangupWatch> m_hangupWatch; ///< The same.
    const int m_phase;
    int m_silentPings = 0;
    bool m_congested = false;
    bool m_closing = false;
    bool m_finished = false;
};

} // namespace gatehouse

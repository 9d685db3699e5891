// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/socket_dialect.h"
#include "api/socket_peer.h"
#include "exchange/ticket.h"

#include <QObject>
#include <QPointer>

#include <deque>

namespace gatehouse {

class LaneContext;
class SocketAnswer;
class WebSocketChannel;

/// One WebSocket on which people chat (contract §2): answers its questions one after the other, in whichever
/// dialect. What comes while one is being answered waits, up to a bound; then it is refused. A child of its
/// channel.
class SocketChat : public QObject
{
    Q_OBJECT
public:
    /// The context outlives it: it lets go when the lane closes.
    SocketChat(SocketPeer peer, WebSocketChannel &channel, LaneContext &context,
               std::unique_ptr<SocketDialect> dialect);
    ~SocketChat() override;

private:
    void take(const QByteArray &text);
    void ask(SocketQuestion question, qsizetype bytes);
    void answerNext();
    void answer(SocketQuestion question);
    void onEnded();
    void refuse(const Error &error, const QByteArray &sessionId = {});
    void drain();
    void close(quint16 code, const QString &reason);
    [[nodiscard]] Ticket ticket();

    const SocketPeer m_peer;
    WebSocketChannel &m_channel;
    LaneContext &m_context;
    const std::unique_ptr<SocketDialect> m_dialect;
    std::deque<std::pair<SocketQuestion, qsizetype>> m_waiting; ///< With what each takes in bytes.
    qsizetype m_waitingBytes = 0;
    SocketAnswer *m_answer = nullptr; ///< The one that runs; a child.
    qint64 m_messages = 0;            ///< So far, for their ids.
    bool m_congested = false;
    bool m_draining = false;
};

} // namespace gatehouse

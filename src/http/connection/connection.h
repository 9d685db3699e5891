// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/connection_context.h"
#include "http/connection/connection_sink.h"
#include "http/connection/connection_slot.h"
#include "http/connection/deadline.h"
#include "http/connection/hangup_watch.h"
#include "http/connection/inbox.h"
#include "http/connection/outbox.h"
#include "http/request.h"
#include "http/router.h"
#include "http/websocket/pending_upgrade.h"
#include "http/wire/request_head.h"

#include <QObject>

#include <memory>
#include <optional>

class QTcpSocket;

namespace gatehouse {

/// One HTTP/1.1 connection: reads requests strictly and within all limits, has one of them in flight at a
/// time, and answers them in their order (RFC 9112). Deletes itself when the connection has ended.
///
/// A FIN means that the client has gone, even if a request of its is being answered: whoever closes a browser
/// tab sends the same FIN as whoever half-closes on purpose, and the work of the former has to stop at once.
/// (QTcpSocket closes at a FIN anyway. An answer that is given at once is out before the FIN is looked at.)
class Connection final : public QObject, private AnswerOutlet
{
    Q_OBJECT
public:
    /// Takes over a connected socket; a QSslSocket may still be shaking hands.
    Connection(ConnectionContext &context, QTcpSocket &socket, ConnectionSlot slot, QObject *parent);
    ~Connection() override;

    /// Serves what comes.
    void start();
    /// Answers `error` without reading anything, and closes.
    void refuseAll(const Error &error);

    /// The server is going down: closes an idle connection; others close after their answer.
    void drain();
    /// Whatever has not ended its answer now never will: cuts it. What is on its way out may get there.
    void cancel();

    /// For FlushQueue: what this turn of the loop has written goes out.
    void flushNow();

private:
    enum class Phase {
        Handshake, ///< TLS.
        Reading,   ///< Between requests, or in the middle of one.
        Upgrading, ///< A WebSocket handshake is with its gate; m_upgrade stands.
        Answering, ///< One request is with its handler; m_sink stands.
        Closing,   ///< The last answer is on its way out.
        Gone
    };

    // AnswerOutlet
    QByteArray &answerBuffer() override { return m_outbox.buffer(); }
    void said() override;
    void answerEnded(bool keepAlive) override;
    void answerAborted(bool reset) override;
    qint64 pendingBytes() const override { return m_outbox.pending(); }
    const QByteArray &date() override;

    void begin();
    void pump();
    bool advance();

    bool readRequest();
    void holdInput();
    void describeRequest();
    [[nodiscard]] std::optional<Error> objectionToHead() const;
    [[nodiscard]] Result<void> checkBeforeBody();
    void takeHead();
    void takeRequest();

    void startAnswer(bool keepAlive);
    void runHandler(bool taken);
    [[nodiscard]] Result<const Router::Endpoint *> findEndpoint();
    void upgrade();
    bool finishUpgrade();
    void refuse(const Error &error, bool close);
    void answerRefusal(const Error &error);
    bool finishAnswer();

    bool flush();
    void scheduleFlush();
    void noteProgress();
    void updateReadDeadline();
    void expire();
    void closeIdle();
    void closeDown();
    void lose();
    void retire();

    ConnectionContext &m_context;
    QTcpSocket &m_socket;
    std::optional<ConnectionSlot> m_slot;
    Inbox m_inbox;
    Outbox m_outbox;
    RequestReader m_reader;
    Phase m_phase = Phase::Handshake;
    bool m_pumping = false;
    bool m_flushScheduled = false;
    bool m_broken = false;
    bool m_requestCutOff = false; ///< The last request was answered before its end.
    bool m_closed = false;
    std::optional<Error> m_refusal; ///< What everything is answered with.

    const Peer m_peer;
    Request m_request; ///< The one that is being read or answered.
    Deadline::Time m_firstByteAt;
    std::unique_ptr<PendingUpgrade> m_upgrade; ///< Only while Upgrading.
    ConnectionSink *m_sink = nullptr;          ///< A child; only while Answering.
    bool m_answerEnded = false;
    bool m_keepAlive = true; ///< What the ended answer said.

    Deadline m_readDeadline;
    Deadline m_writeDeadline;
    std::unique_ptr<HangupWatch> m_hangupWatch; ///< Made when first needed.
};

} // namespace gatehouse

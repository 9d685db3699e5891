// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/answer_head.h"
#include "http/response_sink.h"

namespace gatehouse {

/// What a sink writes into: the connection that it answers on.
class AnswerOutlet
{
public:
    /// For appending bytes in place; said() afterwards.
    [[nodiscard]] virtual QByteArray &answerBuffer() = 0;
    virtual void said() = 0;

    /// The answer is complete; unless `keepAlive` the connection closes once all of it is out.
    virtual void answerEnded(bool keepAlive) = 0;
    /// Cuts the connection; with `reset` so that even a reader of a body without length sees it.
    virtual void answerAborted(bool reset) = 0;

    [[nodiscard]] virtual qint64 pendingBytes() const = 0;
    [[nodiscard]] virtual const QByteArray &date() = 0;

protected:
    ~AnswerOutlet() = default;
};

/// Gives an answer its form on the wire (RFC 9112): lengths, chunks, HEAD, HTTP/1.0.
class ConnectionSink final : public ResponseSink
{
    Q_OBJECT
public:
    ConnectionSink(AnswerOutlet &outlet, AnswerTerms terms, QObject *parent);

    void send(const Response &response) override;
    void begin(int status, const Headers &headers) override;
    void write(const QByteArray &bytes) override;
    void end() override;
    void abort() override;
    [[nodiscard]] bool hasBegun() const override { return m_state != State::Fresh; }
    [[nodiscard]] qint64 pendingBytes() const override;

    /// For an answer that has not begun: the connection is to close after it.
    void forbidKeepAlive() { m_terms.keepAlive = m_terms.keepAlive && hasBegun(); }

    /// The connection's part: after any of these the sink writes nothing any more and deletes itself.
    void reportFinished();
    void reportGone();

    /// The connection's part: tells the source to pause or to go on, as `pending` bytes demand.
    void reportPending(qint64 pending);

private:
    enum class State { Fresh, Streaming, Ended };

    void append(const QByteArray &bytes);
    void endAnswer();
    void retire();

    AnswerOutlet *m_outlet; ///< Null once retired.
    AnswerTerms m_terms;
    State m_state = State::Fresh;
    bool m_chunked = false;
    bool m_congested = false;
    qint64 m_bodyBytes = 0;
};

} // namespace gatehouse

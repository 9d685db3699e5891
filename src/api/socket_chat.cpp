// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/socket_chat.h"

#include "api/caller_watch.h"
#include "api/lane_context.h"
#include "api/session_owner.h"
#include "api/socket_answer.h"
#include "base/id.h"
#include "http/web_socket_channel.h"
#include "metrics/metrics.h"

namespace gatehouse {

namespace {

// RFC 6455, 7.4.1.
constexpr quint16 goingAway = 1001;
constexpr quint16 policyViolation = 1008;

Error goingDown()
{
    return {.code = ErrorCode::Overloaded, .message = SocketChat::tr("The server is going down.")};
}

} // namespace

SocketChat::SocketChat(SocketPeer peer, WebSocketChannel &channel, LaneContext &context,
                       std::unique_ptr<SocketDialect> dialect)
    : QObject(&channel)
    , m_peer(std::move(peer))
    , m_channel(channel)
    , m_context(context)
    , m_dialect(std::move(dialect))
{
    connect(&channel, &WebSocketChannel::message, this, &SocketChat::take);
    connect(&channel, &WebSocketChannel::congested, this, [this] {
        m_congested = true;
        if (m_answer)
            m_answer->pause();
    });
    connect(&channel, &WebSocketChannel::drained, this, [this] {
        m_congested = false;
        if (m_answer)
            m_answer->resume();
    });
    connect(&channel, &WebSocketChannel::draining, this, &SocketChat::drain);
    // Who has gone wants no answer; and nothing here outlives the lane's context.
    connect(&channel, &WebSocketChannel::closed, this, [this] {
        m_waiting.clear();
        delete std::exchange(m_answer, nullptr);
    });
    connect(&context, &LaneContext::closed, this, [this] { delete this; });
    auto *watch = new CallerWatch(context, m_peer.caller, this);
    connect(watch, &CallerWatch::revoked, this, [this](const Error &error) {
        m_waiting.clear();
        if (m_answer)
            m_answer->breakOff(error); // Says so before the socket closes.
        close(policyViolation, error.message);
    });
    context.metrics().webSocketOpened();
    if (const QByteArray greeting = m_dialect->greeting(); !greeting.isEmpty())
        m_channel.send(greeting);
}

SocketChat::~SocketChat()
{
    m_context.metrics().webSocketClosed();
}

void SocketChat::take(const QByteArray &text)
{
    Result<SocketDialect::Message> message = m_dialect->decode(text);
    if (!message)
        return refuse(message.error());
    if (std::holds_alternative<native::PingMessage>(*message))
        return m_channel.send(m_dialect->pong());
    if (std::holds_alternative<native::CancelMessage>(*message)) {
        if (m_answer)
            m_answer->stop();
        return;
    }
    ask(std::get<SocketQuestion>(std::move(*message)), text.size());
}

void SocketChat::ask(SocketQuestion question, qsizetype bytes)
{
    if (!question.sessionId.isEmpty() && !isSessionId(question.sessionId))
        return refuse(notASessionId("session_id"));
    if (m_draining)
        return refuse(goingDown(), question.sessionId);
    const auto validUntil = m_peer.caller.validUntil;
    if (validUntil && *validUntil <= m_context.clock().wallNow())
        return close(policyViolation, tr("The access token has expired."));
    if (!m_answer)
        return answer(std::move(question));

    const SettingsPtr settings = m_context.settings();
    const bool isFull = qint64(m_waiting.size()) >= settings->server.webSocketQueueLimit ||
                        m_waitingBytes + bytes > settings->server.maxBodyBytes;
    if (isFull)
        return refuse({.code = ErrorCode::Overloaded,
                       .message = tr("Too many messages wait for an answer."),
                       .reason = "queue_full"},
                      question.sessionId);
    m_waitingBytes += bytes;
    m_waiting.emplace_back(std::move(question), bytes);
}

void SocketChat::answerNext()
{
    if (m_waiting.empty()) {
        if (m_draining)
            close(goingAway, goingDown().message);
        return;
    }
    auto [question, bytes] = std::move(m_waiting.front());
    m_waiting.pop_front();
    m_waitingBytes -= bytes;
    answer(std::move(question));
}

void SocketChat::answer(SocketQuestion question)
{
    Ticket one = ticket();
    const auto latency = [this, start = one.record().start] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(m_context.clock().now() - start);
    };
    auto encoder = m_dialect->encoder(
        question, {.id = makeId("chat-"), .stream = question.request.stream, .latency = latency});
    Question asked{.request = std::move(question.request)};
    if (!question.sessionId.isEmpty())
        asked.session =
            SessionKey{.owner = sessionOwner(m_peer.caller, m_peer.address), .id = question.sessionId};
    m_answer = new SocketAnswer(std::move(one), std::move(encoder), m_context, this);
    connect(m_answer, &SocketAnswer::text, &m_channel, &WebSocketChannel::send);
    // The answer's own signal is still on its way when it ends.
    connect(m_answer, &SocketAnswer::ended, this, &SocketChat::onEnded, Qt::QueuedConnection);
    if (m_congested)
        m_answer->pause();
    m_answer->start(std::move(asked));
}

void SocketChat::onEnded()
{
    delete std::exchange(m_answer, nullptr);
    answerNext();
}

/// Told at once, whatever is being answered. It counts as a request that failed, against the caller's limits,
/// too: whoever goes on sending nonsense is shut out, and doesn't fill the ledger with it.
void SocketChat::refuse(const Error &error, const QByteArray &sessionId)
{
    Ticket one = ticket();
    one.record().isKept = false;
    const LimitSubject subject = m_context.limitSubject(m_peer.address, one.record().caller);
    one.failed(error);
    m_channel.send(m_dialect->error(error, sessionId));
    m_context.limiter().admit(subject, this, [this](const Decision<Admitted> &decision) {
        if (const auto *refusal = std::get_if<Refusal>(&decision))
            close(policyViolation, refusal->error.message);
    });
}

/// What runs may end, what waits is refused.
void SocketChat::drain()
{
    m_draining = true;
    for (; !m_waiting.empty(); m_waiting.pop_front())
        refuse(goingDown(), m_waiting.front().first.sessionId);
    if (!m_answer)
        close(goingAway, goingDown().message);
}

void SocketChat::close(quint16 code, const QString &reason)
{
    m_channel.close(code, reason);
}

Ticket SocketChat::ticket()
{
    Caller caller = m_peer.caller;
    if (caller.key) { // Its limits and models may have been changed since the handshake.
        if (auto key = m_context.gate()->keys().keyById(caller.keyId))
            caller.key = std::move(key);
    }
    return Ticket(m_context.journal(), m_context.clock(),
                  {.requestId = m_peer.requestId + '-' + QByteArray::number(++m_messages),
                   .method = "WS",
                   .endpoint = m_peer.endpoint,
                   .caller = std::move(caller),
                   .client = m_peer.address,
                   .wallStart = m_context.clock().wallNow(),
                   .start = m_context.clock().now()});
}

} // namespace gatehouse

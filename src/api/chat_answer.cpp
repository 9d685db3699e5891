// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/chat_answer.h"

#include "api/lane_context.h"
#include "dialects/sse/keepalive.h"

namespace gatehouse {

namespace {

const Headers eventStreamHeaders{{"Content-Type", "text/event-stream"},
                                 {"Cache-Control", "no-cache"},
                                 {"X-Accel-Buffering", "no"}}; // Else nginx in front collects the events.

} // namespace

ChatAnswer::ChatAnswer(Call &call, LaneContext &context, openai::AnswerEncoder encoder)
    : QObject(&call)
    , m_call(call)
    , m_clock(context.clock())
    , m_encoder(std::move(encoder))
    , m_exchange(std::make_unique<Exchange>(call.ticket(), context.models(), context.clock()))
    , m_beatInterval(context.settings()->server.heartbeat)
{
    connect(m_exchange.get(), &Exchange::event, this, &ChatAnswer::show);
    connect(&call.sink(), &ResponseSink::congested, m_exchange.get(), &Exchange::pause);
    connect(&call.sink(), &ResponseSink::drained, m_exchange.get(), &Exchange::resume);
    connect(&context, &LaneContext::closing, this, [this] {
        breakOff({.code = ErrorCode::Overloaded,
                  .message = tr("The server is going down."),
                  .retryAfter = std::chrono::seconds(5)});
    });
    connect(&context, &LaneContext::accessChanged, this,
            [this, &context] { checkCaller(context.gate()->keys()); });
    if (const auto &key = call.caller().key; key && key->expiresAt) {
        const auto left = *key->expiresAt - context.clock().wallNow();
        const auto longest = std::chrono::milliseconds(std::chrono::hours(24));
        QTimer::singleShot(std::clamp(left, std::chrono::milliseconds(0), longest), this,
                           [this, &context] { checkCaller(context.gate()->keys()); });
    }
    connect(&m_heartbeat, &QTimer::timeout, this, &ChatAnswer::beat);
    m_heartbeat.setSingleShot(true);
}

void ChatAnswer::start(ChatRequest request)
{
    m_streams = request.stream;
    if (m_streams && m_beatInterval.count() > 0) {
        m_lastSent = m_clock.now();
        m_heartbeat.start(m_beatInterval);
    }
    m_exchange->start(std::move(request));
}

void ChatAnswer::show(const ChatEvent &event)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&event))
        return fail(failed->error);
    const QByteArray bytes = m_encoder.encode(event);
    if (std::holds_alternative<AnswerCompleted>(event))
        finish(bytes);
    else if (m_streams)
        send(bytes);
}

void ChatAnswer::fail(const Error &error)
{
    m_heartbeat.stop();
    // As long as nothing was sent, the failure can still have its own status.
    if (!m_call.sink().hasBegun())
        return m_call.fail(error);
    send(m_encoder.encode(AnswerFailed{error}));
    m_call.sink().end();
}

void ChatAnswer::checkCaller(const KeyRing &keys)
{
    if (!keys.stillAdmits(m_call.caller(), m_clock.wallNow()))
        breakOff({.code = ErrorCode::Unauthenticated,
                  .message = tr("This key has been revoked."),
                  .reason = "invalid_api_key"});
}

void ChatAnswer::breakOff(const Error &error)
{
    m_exchange.reset();
    if (m_call.ticket().isSettled())
        return;
    // Unless something was sent, the failure has a status of its own, and the call settles by it.
    if (m_call.sink().hasBegun())
        m_call.ticket().failed(error);
    fail(error);
}

void ChatAnswer::finish(const QByteArray &bytes)
{
    m_heartbeat.stop();
    if (!m_streams)
        return m_call.replyJson(bytes);
    send(bytes);
    m_call.sink().end();
}

void ChatAnswer::send(const QByteArray &bytes)
{
    if (!m_call.sink().hasBegun())
        m_call.begin(200, eventStreamHeaders);
    if (bytes.isEmpty())
        return;
    m_call.sink().write(bytes);
    m_lastSent = m_clock.now();
}

/// One timer that looks back is cheaper than one that is set again at every token.
void ChatAnswer::beat()
{
    const auto silent = std::chrono::ceil<std::chrono::milliseconds>(m_clock.now() - m_lastSent);
    if (silent >= m_beatInterval)
        send(sse::keepalive.toByteArray());
    const auto passed = silent >= m_beatInterval ? std::chrono::milliseconds(0) : silent;
    m_heartbeat.start(m_beatInterval - passed);
}

} // namespace gatehouse

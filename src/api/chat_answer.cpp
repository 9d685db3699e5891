// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/chat_answer.h"

#include "api/lane_context.h"
#include "dialects/sse/keepalive.h"

namespace gatehouse {

namespace {

const Headers eventStreamHeaders{{"Content-Type", "text/event-stream"},
                                 {"Cache-Control", "no-cache"},
                                 {"X-Accel-Buffering", "no"}}; // Else nginx in front collects the events.

/// How often a place in the queue is looked at; who gets his turn sooner is told nothing of it.
constexpr std::chrono::milliseconds placeInterval(1000);

} // namespace

ChatAnswer::ChatAnswer(Call &call, LaneContext &context, AnswerSpelling spelling)
    : QObject(&call)
    , m_call(call)
    , m_clock(context.clock())
    , m_spelling(std::move(spelling))
    , m_inquiry(call.ticket(), context, nullptr)
    , m_beatInterval(context.settings()->server.heartbeat)
{
    connect(&m_inquiry, &Inquiry::reserved, this,
            [this](const RateFigures &figures) { m_call.setFigures(figures); });
    connect(&m_inquiry, &Inquiry::refused, this, &ChatAnswer::refuse);
    connect(&m_inquiry, &Inquiry::queued, this, &ChatAnswer::beginToWait);
    connect(&m_inquiry, &Inquiry::event, this, &ChatAnswer::show);
    connect(&call.sink(), &ResponseSink::congested, &m_inquiry, &Inquiry::pause);
    connect(&call.sink(), &ResponseSink::drained, &m_inquiry, &Inquiry::resume);
    connect(&m_heartbeat, &QTimer::timeout, this, &ChatAnswer::beat);
    m_heartbeat.setSingleShot(true);
    connect(&m_placeTimer, &QTimer::timeout, this, &ChatAnswer::tellPlace);
}

void ChatAnswer::start(Question question)
{
    m_streams = question.request.stream;
    if (m_streams && m_beatInterval.count() > 0) {
        m_lastSent = m_clock.now();
        m_heartbeat.start(m_beatInterval);
    }
    m_inquiry.start(std::move(question));
}

void ChatAnswer::show(const ChatEvent &event)
{
    if (const auto *failed = std::get_if<AnswerFailed>(&event))
        return fail(failed->error);
    if (std::holds_alternative<AnswerStarted>(event)) {
        m_placeTimer.stop();
        if (m_spelling.flight)
            m_call.addFields({{"X-Cache", "MISS"}});
    }
    const QByteArray bytes = m_spelling.encoder->encode(event);
    if (std::holds_alternative<AnswerCompleted>(event))
        finish(bytes);
    else if (m_streams)
        send(bytes);
}

void ChatAnswer::refuse(const Refusal &refusal)
{
    quiet();
    if (!m_call.sink().hasBegun())
        return m_call.refuse(refusal);
    m_call.ticket().failed(refusal.error);
    fail(refusal.error);
}

void ChatAnswer::fail(const Error &error)
{
    quiet();
    // As long as nothing was sent, the failure can still have its own status.
    if (!m_call.sink().hasBegun())
        return m_call.fail(error);
    send(m_spelling.encoder->encode(AnswerFailed{error}));
    m_call.sink().end();
}

void ChatAnswer::finish(const QByteArray &bytes)
{
    quiet();
    if (!m_streams) {
        const auto &inference = m_call.ticket().record().inference;
        if (m_spelling.flight && inference)
            m_spelling.flight->land({.body = bytes, .model = inference->model, .route = inference->route});
        return m_call.replyJson(bytes);
    }
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

/// Nothing more is said but the end.
void ChatAnswer::quiet()
{
    m_heartbeat.stop();
    m_placeTimer.stop();
}

void ChatAnswer::beginToWait()
{
    const qsizetype place = m_inquiry.placeInQueue();
    if (place > 0 && !m_call.sink().hasBegun())
        m_call.addFields({{"X-Queue-Position", QByteArray::number(place)}});
    if (m_streams && m_beatInterval.count() > 0)
        m_placeTimer.start(std::min(m_beatInterval, placeInterval));
}

void ChatAnswer::tellPlace()
{
    m_placeTimer.setInterval(placeInterval);
    const qsizetype place = m_inquiry.placeInQueue();
    if (std::exchange(m_toldPlace, place) != place && place > 0)
        send(sse::queuePosition(place));
}

/// One timer that looks back is cheaper than one that is set again at every token.
void ChatAnswer::beat()
{
    const auto silent = std::chrono::ceil<std::chrono::milliseconds>(m_clock.now() - m_lastSent);
    if (silent >= m_beatInterval) {
        m_toldPlace = m_inquiry.placeInQueue();
        send(m_toldPlace > 0 ? sse::queuePosition(m_toldPlace) : sse::keepalive.toByteArray());
    }
    const auto passed = silent >= m_beatInterval ? std::chrono::milliseconds(0) : silent;
    m_heartbeat.start(m_beatInterval - passed);
}

} // namespace gatehouse

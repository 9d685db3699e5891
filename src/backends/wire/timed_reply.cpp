// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/timed_reply.h"

#include <QTimerEvent>

#include <algorithm>

namespace gatehouse {

namespace {

MonotonicTime now()
{
    return std::chrono::steady_clock::now();
}

int portOf(const QUrl &url)
{
    return url.port(url.scheme() == QLatin1String("https") ? 443 : 80);
}

} // namespace

TimedReply::TimedReply(const UpstreamRequest &request)
    : m_deadline(request.timeouts, request.streaming, now())
    , m_target(request.url.host() + u':' + QString::number(portOf(request.url)))
    , m_streaming(request.streaming)
{
    armTimer();
}

void TimedReply::noteConnected()
{
    m_connected = true;
    m_deadline.connected(now());
    armTimer();
}

void TimedReply::noteWritten(bool complete)
{
    m_deadline.wrote(complete, now());
    armTimer();
}

bool TimedReply::noteReceived(qsizetype bytes)
{
    const bool isFirst = m_received == 0;
    m_received += bytes;
    m_deadline.received(now());
    if (isFirst) // From here on the deadline only moves away, and the timer finds it where it is.
        armTimer();
    return m_streaming || m_received <= maxFoldedBytes;
}

void TimedReply::noteResumed()
{
    m_deadline.resumed(now());
    armTimer();
}

void TimedReply::stopTimer()
{
    m_stopped = true;
    m_timer.stop();
}

void TimedReply::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return UpstreamReply::timerEvent(event);
    m_timer.stop();
    m_timerDue = MonotonicTime::max();
    std::optional<Error> error = m_deadline.overdue(now());
    if (!error)
        return armTimer();
    error->detail = m_target;
    fail(*error);
}

// The deadline moves with every chunk, mostly away; the timer stays where it is and looks again when it
// fires.
void TimedReply::armTimer()
{
    constexpr qint64 longest = 24 * 3600 * 1000;
    const MonotonicTime due = m_deadline.next();
    if (m_stopped || due >= m_timerDue)
        return;
    const qint64 wait = std::chrono::ceil<std::chrono::milliseconds>(due - now()).count();
    m_timer.start(static_cast<int>(std::clamp<qint64>(wait, 0, longest)), Qt::CoarseTimer, this);
    m_timerDue = due;
}

} // namespace gatehouse

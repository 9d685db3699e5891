// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/upstream_deadline.h"

#include <algorithm>

namespace gatehouse {

using std::chrono::milliseconds;

namespace {

MonotonicTime after(MonotonicTime start, milliseconds limit)
{
    // An hour-glass of years would overflow the clock's nanoseconds.
    constexpr milliseconds longest = std::chrono::hours(24 * 365);
    return limit.count() > 0 ? start + std::min(limit, longest) : MonotonicTime::max();
}

QString seconds(milliseconds limit)
{
    return QString::number(static_cast<double>(limit.count()) / 1000.0);
}

} // namespace

UpstreamDeadline::UpstreamDeadline(const UpstreamTimeouts &timeouts, bool streaming, MonotonicTime now)
    : m_timeouts(timeouts)
    , m_streaming(streaming)
    , m_boundWhole(!streaming || timeouts.totalBoundsStreams)
    , m_started(now)
    , m_progress(now)
{}

void UpstreamDeadline::connected(MonotonicTime now)
{
    if (m_phase != Phase::Connecting)
        return;
    m_phase = Phase::Writing;
    m_progress = now;
}

void UpstreamDeadline::wrote(bool complete, MonotonicTime now)
{
    if (m_phase > Phase::Writing)
        return;
    m_phase = complete ? Phase::Waiting : Phase::Writing;
    m_progress = now;
}

void UpstreamDeadline::received(MonotonicTime now)
{
    m_phase = Phase::Receiving;
    m_progress = now;
}

void UpstreamDeadline::paused()
{
    m_paused = true;
}

void UpstreamDeadline::resumed(MonotonicTime now)
{
    m_paused = false;
    m_progress = now;
}

bool UpstreamDeadline::totalApplies() const
{
    return m_boundWhole || m_phase != Phase::Receiving;
}

milliseconds UpstreamDeadline::phaseLimit() const
{
    switch (m_phase) {
    case Phase::Connecting:
        return m_timeouts.connect;
    case Phase::Writing:
        return m_timeouts.write;
    case Phase::Waiting:
        return m_streaming ? m_timeouts.firstByte : milliseconds(0);
    case Phase::Receiving:
        return m_paused ? milliseconds(0) : m_timeouts.read;
    }
    return milliseconds(0);
}

MonotonicTime UpstreamDeadline::next() const
{
    const MonotonicTime whole = totalApplies() ? after(m_started, m_timeouts.total) : MonotonicTime::max();
    return std::min(whole, after(m_progress, phaseLimit()));
}

std::optional<Error> UpstreamDeadline::overdue(MonotonicTime now) const
{
    if (now < next())
        return std::nullopt;
    Error error{.code = ErrorCode::UpstreamTimeout, .message = {}};
    if (now < after(m_progress, phaseLimit())) {
        error.message = m_phase == Phase::Receiving
                            ? QStringLiteral("The upstream's answer was not complete within %1 s")
                            : QStringLiteral("The upstream did not begin to answer within %1 s");
        error.message = error.message.arg(seconds(m_timeouts.total));
        return error;
    }
    if (m_phase == Phase::Connecting) {
        error.message = QStringLiteral("The upstream could not be connected to within %1 s");
        error.reason = "connect_timeout"; // Nothing was handed over.
    } else if (m_phase == Phase::Writing)
        error.message = QStringLiteral("The upstream took nothing of the request for %1 s");
    else if (m_phase == Phase::Waiting)
        error.message = QStringLiteral("The upstream did not begin to answer within %1 s");
    else
        error.message = QStringLiteral("The upstream was silent for %1 s in the middle of its answer");
    error.message = error.message.arg(seconds(phaseLimit()));
    return error;
}

} // namespace gatehouse

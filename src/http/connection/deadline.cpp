// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/deadline.h"

#include <algorithm>

namespace gatehouse {

using std::chrono::milliseconds;

void Deadline::set(Time moment)
{
    m_moment = moment;
    if (!m_timer.isActive() || moment < m_armedFor)
        arm(std::chrono::steady_clock::now());
}

void Deadline::arm(Time now)
{
    m_armedFor = m_moment;
    const auto left = std::chrono::ceil<milliseconds>(m_moment - now);
    m_timer.start(static_cast<int>(std::clamp<qint64>(left.count(), 0, 86'400'000)), this);
}

void Deadline::timerEvent(QTimerEvent *)
{
    m_timer.stop();
    if (!isSet())
        return;
    const auto now = std::chrono::steady_clock::now();
    // A coarse timer may fire a little early.
    if (m_moment > now + milliseconds(1))
        return arm(now);
    clear();
    Q_EMIT passed();
}

} // namespace gatehouse

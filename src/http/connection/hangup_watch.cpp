// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/hangup_watch.h"

#include <poll.h>

namespace gatehouse {

namespace {

constexpr int interval = 25; // Milliseconds: half of what a client's leaving may take to be noticed.

} // namespace

void HangupWatch::start(int descriptor)
{
    m_descriptor = descriptor;
    if (!m_timer.isActive())
        m_timer.start(interval, this);
}

void HangupWatch::timerEvent(QTimerEvent *)
{
    pollfd state{.fd = m_descriptor, .events = POLLRDHUP, .revents = 0};
    if (::poll(&state, 1, 0) <= 0)
        return;
    stop();
    Q_EMIT hungUp();
}

} // namespace gatehouse

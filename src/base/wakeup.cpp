// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/wakeup.h"

#include <QtGlobal>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse {

Wakeup::Wakeup()
    : m_descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
    if (m_descriptor < 0)
        qFatal("eventfd: %s", std::strerror(errno)); // No event loop without it.
}

Wakeup::~Wakeup()
{
    ::close(m_descriptor);
}

void Wakeup::request()
{
    // Only a full counter can fail the write, and then the descriptor is readable anyway.
    if (m_state.exchange(Requested) == Waiting)
        ::eventfd_write(m_descriptor, 1);
}

bool Wakeup::beginWait()
{
    State expected = Awake;
    if (m_state.compare_exchange_strong(expected, Waiting))
        return true;
    m_state = Awake;
    return false;
}

bool Wakeup::endWait()
{
    return m_state.exchange(Awake) == Requested;
}

void Wakeup::acknowledge()
{
    eventfd_t count = 0;
    ::eventfd_read(m_descriptor, &count);
}

} // namespace gatehouse

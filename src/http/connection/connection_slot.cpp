// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/connection_slot.h"

#include <utility>

namespace gatehouse {

void Occupancy::leave()
{
    if (m_count.fetch_sub(1, std::memory_order_acq_rel) == 1)
        Q_EMIT vacated();
}

ConnectionSlot::ConnectionSlot(Occupancy &door, Occupancy &lane)
    : m_door(&door)
    , m_lane(&lane)
{
    door.enter();
    lane.enter();
}

ConnectionSlot::ConnectionSlot(ConnectionSlot &&other) noexcept
    : m_door(std::exchange(other.m_door, nullptr))
    , m_lane(std::exchange(other.m_lane, nullptr))
{}

ConnectionSlot::~ConnectionSlot()
{
    if (!m_door)
        return;
    m_door->leave();
    m_lane->leave();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/connection_slots.h"

#include <utility>

namespace gatehouse {

ConnectionSlots::Lease &ConnectionSlots::Lease::operator=(Lease &&other) noexcept
{
    if (this != &other) {
        release();
        m_origin = std::move(other.m_origin);
        m_number = other.m_number;
    }
    return *this;
}

void ConnectionSlots::Lease::release()
{
    if (const auto origin = std::exchange(m_origin, nullptr))
        origin->free.append(m_number);
}

ConnectionSlots::Lease ConnectionSlots::lease(const QByteArray &origin)
{
    std::shared_ptr<Origin> &known = m_origins[origin];
    if (!known)
        known = std::make_shared<Origin>();
    const int number = known->free.isEmpty() ? known->count++ : known->free.takeLast();
    return Lease(known, number);
}

} // namespace gatehouse

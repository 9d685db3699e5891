// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/ticket.h"

#include <utility>

namespace gatehouse {

Ticket::Ticket(Journal &journal, const Clock &clock, RequestRecord record)
    : m_journal(&journal)
    , m_clock(&clock)
    , m_record(std::move(record))
{
    m_journal->began(m_record);
}

Ticket::~Ticket()
{
    settle(Outcome::Abandoned);
}

Ticket::Ticket(Ticket &&other) noexcept
    : m_journal(std::exchange(other.m_journal, nullptr))
    , m_clock(other.m_clock)
    , m_record(std::move(other.m_record))
    , m_reservation(std::move(other.m_reservation))
{}

void Ticket::failed(Error error)
{
    m_record.error = std::move(error);
    settle(Outcome::Failed);
}

void Ticket::settle(Outcome outcome)
{
    if (Journal *journal = std::exchange(m_journal, nullptr)) {
        m_record.outcome = outcome;
        m_record.end = m_clock->now();
        journal->settled(m_record);
        if (m_reservation && m_record.inference)
            m_reservation->settle(m_record.inference->usage.totalTokens());
        m_reservation.reset();
    }
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"
#include "exchange/request_record.h"

namespace gatehouse {

/// Where settled requests go: the log, the metrics, the ledger. Called in the lane's thread, once a request;
/// when settled() returns, the request is kept, whatever happens to the process.
class Journal
{
public:
    virtual ~Journal() = default;
    virtual void began(const RequestRecord &record) = 0;
    virtual void settled(const RequestRecord &record) = 0;
};

/// The right to be answered, and the duty to be counted. Move-only; it settles exactly once on every way out:
/// by settle(), or as Abandoned when it is destroyed. Whoever answers settles before the caller is told the
/// end, so that nothing is acknowledged that a crash could still lose. Journal and clock outlive it.
class [[nodiscard]] Ticket
{
public:
    Ticket(Journal &journal, const Clock &clock, RequestRecord record);
    ~Ticket();
    Ticket(Ticket &&other) noexcept;
    Ticket &operator=(Ticket &&) = delete;
    Q_DISABLE_COPY(Ticket)

    /// What is known so far; open to additions until it is settled.
    [[nodiscard]] RequestRecord &record() { return m_record; }
    [[nodiscard]] const RequestRecord &record() const { return m_record; }
    [[nodiscard]] bool isSettled() const { return !m_journal; }

    /// What the request holds of its key's limits until it is settled.
    void hold(std::unique_ptr<Reservation> reservation) { m_reservation = std::move(reservation); }

    void answered() { settle(Outcome::Answered); }
    void failed(Error error);

private:
    void settle(Outcome outcome);

    Journal *m_journal; ///< Null once settled or moved from.
    const Clock *m_clock;
    RequestRecord m_record;
    std::unique_ptr<Reservation> m_reservation;
};

} // namespace gatehouse

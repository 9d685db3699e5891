// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/gate.h"
#include "base/clock.h"

namespace gatehouse {

/// A calendar month in UTC, counted from January of the year 0.
[[nodiscard]] int monthOf(WallTime time);
[[nodiscard]] std::chrono::milliseconds untilNextMonth(WallTime time);

/// Tokens a calendar month (UTC): what is used and what is reserved together never exceed the budget when
/// something is reserved. A request that is settled in the month after its reservation counts in neither: its
/// own is over. Not thread-safe.
class MonthlyBudget
{
public:
    struct Place
    {
        int month;
        qint64 tokens;
    };

    /// Takes over what somebody else knows to be used this month, where it is more, and turns the page on a
    /// new month. To be called before the others.
    void update(qint64 usedAtLeast, WallTime now);

    /// Whether a request with this prompt is stopped: by what is used, or by what others have reserved.
    [[nodiscard]] std::optional<Stop> stop(qint64 budget, qint64 promptTokens, WallTime now) const;
    /// Reserves the prompt, and of the completion what completionToReserve() says and is left.
    [[nodiscard]] Place reserve(qint64 budget, qint64 promptTokens, qint64 completionTokens);
    void settle(const Place &place, qint64 used, WallTime now);

    [[nodiscard]] qint64 taken() const { return m_used + m_reserved; }

private:
    int m_month = 0;
    qint64 m_used = 0;
    qint64 m_reserved = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/monthly_budget.h"

#include "admission/limits/token_window.h"

#include <algorithm>

namespace gatehouse {

namespace {

std::chrono::year_month yearMonth(WallTime time)
{
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return day.year() / day.month();
}

} // namespace

int monthOf(WallTime time)
{
    const auto month = yearMonth(time);
    return static_cast<int>(month.year()) * 12 + static_cast<int>(static_cast<unsigned>(month.month())) - 1;
}

std::chrono::milliseconds untilNextMonth(WallTime time)
{
    return std::chrono::sys_days((yearMonth(time) + std::chrono::months(1)) / 1) - time;
}

void MonthlyBudget::update(qint64 usedAtLeast, WallTime now)
{
    if (const int month = monthOf(now); month != m_month) {
        *this = MonthlyBudget();
        m_month = month;
    }
    m_used = std::max(m_used, usedAtLeast);
}

std::optional<Stop> MonthlyBudget::stop(qint64 budget, qint64 promptTokens, WallTime now) const
{
    const qint64 least = std::max<qint64>(promptTokens, 1);
    if (m_used + least > budget)
        return Stop{Gate::Budget, untilNextMonth(now)};
    if (m_used + m_reserved + least > budget)
        return Stop{Gate::BudgetInUse, unknownWait};
    return std::nullopt;
}

MonthlyBudget::Place MonthlyBudget::reserve(qint64 budget, qint64 promptTokens, qint64 completionTokens)
{
    const qint64 wanted = promptTokens + completionToReserve(budget, promptTokens, completionTokens);
    const Place place{.month = m_month, .tokens = std::min(wanted, budget - m_used - m_reserved)};
    m_reserved += place.tokens;
    return place;
}

void MonthlyBudget::settle(const Place &place, qint64 used, WallTime now)
{
    update(0, now);
    if (place.month != m_month)
        return;
    m_reserved -= place.tokens;
    m_used += used;
}

} // namespace gatehouse

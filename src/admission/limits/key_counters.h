// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/concurrency.h"
#include "admission/limits/monthly_budget.h"
#include "admission/limits/token_window.h"

namespace gatehouse {

/// One request to a model, as the gates of its key see it.
struct TokenAsk
{
    qint64 prompt;     ///< 0 … 10⁹
    qint64 completion; ///< 0 … 10⁹
    qint64 usedBefore; ///< LimitSubject::monthlyTokensBefore.
};

/// Figures that nobody could mean are cut to the range above.
[[nodiscard]] TokenAsk makeAsk(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens);

/// What a request holds of its key's counters until it is settled.
struct KeyHold
{
    std::optional<TokenWindow::Place> tokens;
    std::optional<MonthlyBudget::Place> budget;
};

/// What is remembered of one key. Not thread-safe.
class KeyCounters
{
public:
    struct Moment
    {
        MonotonicTime now;
        WallTime wallNow;
    };

    [[nodiscard]] std::optional<Stop> stopRequest(const KeyLimits &limits, MonotonicTime now);
    void takeRequest(const KeyLimits &limits, MonotonicTime now);
    [[nodiscard]] std::optional<RateFigures::Figure> requestFigure(const KeyLimits &limits,
                                                                   MonotonicTime now);

    [[nodiscard]] std::optional<Stop> stopTokens(const KeyLimits &limits, const TokenAsk &ask,
                                                 const Moment &moment);
    [[nodiscard]] KeyHold reserve(const KeyLimits &limits, const TokenAsk &ask, MonotonicTime now);
    void settle(const KeyHold &hold, qint64 used, const Moment &moment);
    [[nodiscard]] std::optional<RateFigures::Figure> tokenFigure(const KeyLimits &limits,
                                                                 const Moment &moment);

    /// Nothing held, and nothing seen for so long that all but the month's sum has run out by itself; the
    /// ledger knows that better by then.
    [[nodiscard]] bool isForgettable(MonotonicTime now) const;

private:
    SlidingWindow m_hour{std::chrono::hours(1)};
    SlidingWindow m_minute{std::chrono::minutes(1)};
    TokenWindow m_tokens;
    MonthlyBudget m_budget;
    Concurrency m_running;
    MonotonicTime m_seen{};
};

} // namespace gatehouse

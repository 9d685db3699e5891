// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"

#include <chrono>

namespace gatehouse {

/// Every gate of a limiter, in the order in which they are asked. Two rules make the order. A gate whose no
/// lasts longer stands further up, so that Retry-After is that of the longest wait. And nothing is taken from
/// any gate before all have agreed, so a refused request uses up nothing, wherever its gate stands. The
/// numbers are also those of redis_scripts.cpp.
enum class Gate {
    // Limiter::admit(), each request.
    AddressBlock =
        1, ///< First: whoever is shut out costs no further look, and Retry-After is the block's end.
    AddressMinute = 2, ///< Sliding window of the address; waits of up to a minute.
    AddressBurst = 3,  ///< Token bucket of the address; waits of about a second.
    KeyHour = 4,   ///< After the address, so that a flood is judged by where it comes from; waits of an hour.
    KeyMinute = 5, ///< Waits of up to a minute.
    // Limiter::reserve(), each request to a model.
    TooLarge = 6,        ///< The prompt alone is over the tokens a minute: waiting never helps.
    Budget = 7,          ///< Tokens a month; waits until the next one.
    TokensPerMinute = 8, ///< Waits of up to a minute.
    BudgetInUse = 9,  ///< What is left of the month is reserved by running requests; ends with one of them.
    Concurrency = 10, ///< Last: a place may come free at any moment.
};

/// Where a request was stopped, and for how long.
struct Stop
{
    Gate gate;
    std::chrono::milliseconds wait;
};

/// What a gate says where nobody can know how long it takes.
constexpr std::chrono::milliseconds unknownWait{1000};

/// The refusal as its caller sees it: RateLimited, Retry-After in whole seconds, rounded up, at least 1.
[[nodiscard]] Refusal makeRefusal(const Stop &stop, const RateFigures &figures);

/// A figure of a bound of which `used` is gone, and which is whole again after `untilWhole`.
[[nodiscard]] RateFigures::Figure makeFigure(qint64 limit, qint64 used, std::chrono::milliseconds untilWhole);
/// Of two bounds of one kind the one that leaves less; `usual` where they leave the same.
[[nodiscard]] std::optional<RateFigures::Figure> tighter(const std::optional<RateFigures::Figure> &usual,
                                                         const std::optional<RateFigures::Figure> &other);

} // namespace gatehouse

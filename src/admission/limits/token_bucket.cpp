// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

/// How long one request takes to be refilled.
std::chrono::nanoseconds refill(const TokenBucket::Bound &bound)
{
    constexpr double slowest = 1e-6; // Once in eleven days; slower ones would overflow with a large burst.
    return std::chrono::nanoseconds(std::llround(1e9 / std::max(bound.perSecond, slowest)));
}

} // namespace

std::chrono::milliseconds TokenBucket::wait(const Bound &bound, MonotonicTime now) const
{
    const auto room = refill(bound) * (std::max(bound.burst, 1) - 1);
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::max(m_fullAt - room - now, std::chrono::nanoseconds::zero()));
}

void TokenBucket::take(const Bound &bound, MonotonicTime now)
{
    m_fullAt = std::max(m_fullAt, now) + refill(bound);
}

qint64 TokenBucket::used(const Bound &bound, MonotonicTime now) const
{
    const std::chrono::nanoseconds each = refill(bound);
    const std::chrono::nanoseconds missing = std::max(m_fullAt - now, std::chrono::nanoseconds::zero());
    return (missing + each - std::chrono::nanoseconds(1)) / each;
}

std::chrono::milliseconds TokenBucket::untilFull(MonotonicTime now) const
{
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::max(m_fullAt - now, std::chrono::nanoseconds::zero()));
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/address_counters.h"

namespace gatehouse {

namespace {

TokenBucket::Bound burstOf(const LimitSettings &settings)
{
    return {.perSecond = settings.requestsPerSecond, .burst = settings.burst};
}

} // namespace

std::optional<Stop> AddressCounters::stop(const LimitSettings &settings, MonotonicTime now)
{
    using std::chrono::milliseconds;
    if (const auto wait = m_block ? m_block->wait(now) : milliseconds(); wait.count() > 0)
        return Stop{Gate::AddressBlock, wait};
    if (settings.requestsPerMinute > 0) {
        if (const auto wait = m_minute.wait(settings.requestsPerMinute, 1, now); wait.count() > 0)
            return Stop{Gate::AddressMinute, wait};
    }
    if (settings.requestsPerSecond > 0) {
        if (const auto wait = m_burst.wait(burstOf(settings), now); wait.count() > 0)
            return Stop{Gate::AddressBurst, wait};
    }
    return std::nullopt;
}

void AddressCounters::take(const LimitSettings &settings, MonotonicTime now)
{
    if (settings.requestsPerMinute > 0)
        m_minute.take(1, now);
    if (settings.requestsPerSecond > 0)
        m_burst.take(burstOf(settings), now);
}

Stop AddressCounters::refuse(const Stop &stop, const LimitSettings &settings, MonotonicTime now)
{
    if (stop.gate == Gate::AddressBlock || settings.blockAfter <= 0)
        return stop;
    if (!m_block)
        m_block = std::make_unique<AddressBlock>();
    m_block->refused(settings, now);
    const auto wait = m_block->wait(now);
    return wait.count() > 0 ? Stop{Gate::AddressBlock, wait} : stop;
}

std::optional<RateFigures::Figure> AddressCounters::figure(const LimitSettings &settings, MonotonicTime now)
{
    if (settings.requestsPerMinute > 0)
        return makeFigure(settings.requestsPerMinute, m_minute.used(now), m_minute.untilEmpty(now));
    if (settings.requestsPerSecond > 0)
        return makeFigure(std::max(settings.burst, 1), m_burst.used(burstOf(settings), now),
                          m_burst.untilFull(now));
    return std::nullopt;
}

} // namespace gatehouse

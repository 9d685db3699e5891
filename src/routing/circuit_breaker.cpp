// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/circuit_breaker.h"

#include <algorithm>

namespace gatehouse {

CircuitBreaker::State CircuitBreaker::state(MonotonicTime now) const
{
    if (!m_isOpen)
        return State::Closed;
    return m_trial != 0 || now >= m_restsUntil ? State::HalfOpen : State::Open;
}

bool CircuitBreaker::admits(MonotonicTime now) const
{
    return !m_isOpen || (m_trial == 0 && now >= m_restsUntil);
}

bool CircuitBreaker::admitsAtNeed() const
{
    return !m_isOpen || m_trial == 0;
}

CircuitBreaker::Trial CircuitBreaker::begin()
{
    if (!m_isOpen || m_trial != 0)
        return 0;
    m_trial = ++m_trials;
    return m_trial;
}

void CircuitBreaker::succeeded()
{
    m_isOpen = false;
    m_trial = 0;
    m_failures = 0;
}

void CircuitBreaker::failed(RouteFailure failure, Trial trial, MonotonicTime now, double chance)
{
    if (failure != RouteFailure::Unreachable && failure != RouteFailure::Broken) {
        succeeded(); // Whoever says no is there.
        return;
    }
    // Old news: a request that was under way when it opened.
    if (m_isOpen && (trial == 0 || trial != m_trial))
        return;
    ++m_failures;
    if (!m_isOpen && failure == RouteFailure::Broken && m_failures < tolerance)
        return;
    m_wasUnreachable = failure == RouteFailure::Unreachable;
    open(now, chance);
}

void CircuitBreaker::abandoned(Trial trial)
{
    if (trial == m_trial)
        m_trial = 0;
}

void CircuitBreaker::probed(bool hasAnswered, MonotonicTime now, double chance)
{
    if (hasAnswered) {
        if (m_isOpen && m_wasUnreachable)
            succeeded();
        return;
    }
    // A trial tells more than a probe, and who rests needs no further reason.
    if (m_isOpen && (m_trial != 0 || now < m_restsUntil))
        return;
    m_wasUnreachable = true;
    open(now, chance);
}

void CircuitBreaker::open(MonotonicTime now, double chance)
{
    const auto longest = m_wasUnreachable ? longestAbsence : longestRest;
    m_rest = m_isOpen ? std::min(2 * m_rest, longest) : firstRest;
    m_isOpen = true;
    m_trial = 0;
    const auto half = std::chrono::duration<double, std::milli>(m_rest) / 2;
    m_restsUntil =
        now + std::chrono::duration_cast<MonotonicTime::duration>(half * (1 + std::clamp(chance, 0.0, 1.0)));
}

} // namespace gatehouse

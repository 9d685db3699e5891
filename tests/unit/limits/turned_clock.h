// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <atomic>

/// A clock that stands until it is turned. Begins in the middle of a month. Thread-safe.
class TurnedClock final : public gatehouse::Clock
{
public:
    [[nodiscard]] gatehouse::MonotonicTime now() const override
    {
        return gatehouse::MonotonicTime(std::chrono::hours(24) + passed());
    }
    [[nodiscard]] gatehouse::WallTime wallNow() const override
    {
        using namespace std::chrono;
        return sys_days(2026y / 2 / 14) + hours(12) + passed();
    }
    void turn(std::chrono::milliseconds by) { m_passed += by.count(); }

private:
    [[nodiscard]] std::chrono::milliseconds passed() const { return std::chrono::milliseconds(m_passed); }

    std::atomic<long long> m_passed = 0;
};

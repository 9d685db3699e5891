// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <atomic>

namespace gatehouse {

/// A clock that only tests turn.
class ManualClock final : public Clock
{
public:
    [[nodiscard]] MonotonicTime now() const override { return MonotonicTime(passed()); }
    [[nodiscard]] WallTime wallNow() const override { return start + passed(); }
    void advance(std::chrono::milliseconds by) { m_passed += by.count(); }

    static constexpr WallTime start{std::chrono::milliseconds(1'800'000'000'000)};

private:
    [[nodiscard]] std::chrono::milliseconds passed() const { return std::chrono::milliseconds(m_passed); }
    std::atomic<qint64> m_passed = 0;
};

} // namespace gatehouse

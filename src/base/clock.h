// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace gatehouse {

using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Where decisions get the time from, so that tests can turn it. Thread-safe.
class Clock
{
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual MonotonicTime now() const = 0; ///< For durations; never jumps.
    [[nodiscard]] virtual WallTime wallNow() const = 0;  ///< For what people and protocols read (UTC).
};

/// The machine's clocks.
class SystemClock final : public Clock
{
public:
    [[nodiscard]] MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] WallTime wallNow() const override
    {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <chrono>

namespace gatehouse {

/// What this process takes of the machine, as the kernel counts it (proc(5), getrusage(2)).
struct ProcessUsage
{
    qint64 residentBytes = 0;
    double cpuSeconds = 0; ///< User and system time since the start, all threads.
};

[[nodiscard]] ProcessUsage processUsage();

/// How busy the process was between two looks. Not thread-safe.
class CpuMeter
{
public:
    /// In percent of one core, since the look before; looks that follow within 0.1 s tell the same as it.
    [[nodiscard]] double percent(double cpuSeconds, std::chrono::steady_clock::time_point now);

private:
    std::chrono::steady_clock::time_point m_lastLook = std::chrono::steady_clock::now();
    double m_lastSeconds = processUsage().cpuSeconds;
    double m_percent = 0;
};

} // namespace gatehouse

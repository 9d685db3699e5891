// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace gatehouse {

/// What this process takes of the machine, as the kernel counts it (proc(5), getrusage(2)).
struct ProcessUsage
{
    qint64 residentBytes = 0;
    double cpuSeconds = 0; ///< User and system time since the start, all threads.
};

[[nodiscard]] ProcessUsage processUsage();

} // namespace gatehouse

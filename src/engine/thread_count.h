// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace gatehouse {

/// What the process may use of the machine.
struct ProcessorCount
{
    int cores = 1;   ///< Physical ones.
    int threads = 1; ///< Logical ones: two of a core with simultaneous multithreading.
};

/// Counts within the process's CPU affinity and its control group's CPU quota.
[[nodiscard]] ProcessorCount availableProcessors();

/// How many threads a model should compute with. Multiplying matrices gains nothing from a core's second
/// thread; past two cores one is left to the event loops; past eight, memory is the limit. A small model
/// spends its time waiting for the other threads: the built-in one is two to ten times as fast with one.
[[nodiscard]] int suitableThreads(ProcessorCount processors, qint64 parameters);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "load/options.h"

namespace gatehouse::bench {

/// Requests as fast as the server answers them, one at a time on each of `connections` kept connections,
/// beside `idle` silent ones. Prints the line `begin` when the measured window opens, and at its end one line
/// of JSON:
/// `{"answers", "failures", "seconds", "p50_us", "p99_us"}`. Returns the exit status.
int runPostLoad(const Options &options);

} // namespace gatehouse::bench

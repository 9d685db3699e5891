// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/memory_limits.h"
#include "base/log.h"

namespace gatehouse {

/// The limiter of one lane, made, used and destroyed in its thread: on `limits` alone or, where the settings
/// say so, on Redis with `limits` for when it is gone. An address of Redis that can't be read is logged, and
/// limits are local. The bounds of addresses are those of `limits` at each moment, so MemoryLimits::apply()
/// is all that a reload needs; `settings` itself is only read here. `limits` and `log` outlive the limiter
/// and its reservations.
[[nodiscard]] std::unique_ptr<Limiter> makeLimiter(const RedisSettings &settings, MemoryLimits &limits,
                                                   Log &log);

} // namespace gatehouse

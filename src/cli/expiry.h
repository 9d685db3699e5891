// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <QString>

namespace gatehouse {

/// Reads `2027-01-31` (its first second, UTC), `2027-01-31T12:00:00Z` or with another offset, and `30d`,
/// `12h` from `now` on. Errors: InvalidRequest where it is none of these, or not later than `now`.
[[nodiscard]] Result<WallTime> parseExpiry(const QString &text, WallTime now);

} // namespace gatehouse

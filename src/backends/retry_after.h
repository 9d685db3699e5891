// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QDateTime>

#include <chrono>
#include <optional>

namespace gatehouse {

/// Reads a Retry-After header (RFC 9110, 10.2.3): seconds, or a date, counted from `now`. At least 0 and at
/// most a day; nothing if it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parseRetryAfter(QByteArrayView value, const QDateTime &now);

} // namespace gatehouse

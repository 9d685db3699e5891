// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QSqlQuery>
#include <QVariant>

#include <optional>

namespace gatehouse {

/// Times as both engines keep them: milliseconds since the epoch. Unset: NULL.
[[nodiscard]] inline qint64 sqlTime(WallTime time)
{
    return time.time_since_epoch().count();
}

[[nodiscard]] inline QVariant sqlTime(const std::optional<WallTime> &time)
{
    return time ? QVariant(sqlTime(*time)) : QVariant();
}

[[nodiscard]] inline QVariant sqlNumber(const std::optional<qint64> &number)
{
    return number ? QVariant(*number) : QVariant();
}

[[nodiscard]] inline WallTime timeAt(const QSqlQuery &query, int column)
{
    return WallTime(std::chrono::milliseconds(query.value(column).toLongLong()));
}

[[nodiscard]] inline std::optional<WallTime> optionalTimeAt(const QSqlQuery &query, int column)
{
    return query.isNull(column) ? std::nullopt : std::optional(timeAt(query, column));
}

[[nodiscard]] inline std::optional<qint64> optionalNumberAt(const QSqlQuery &query, int column)
{
    return query.isNull(column) ? std::nullopt : std::optional<qint64>(query.value(column).toLongLong());
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>
#include <vector>

namespace gatehouse {

/// A variable that makes a route of a fixed key.
struct RouteVariable
{
    const char *name;
    const char *route;
    const char *field; ///< What its value is.
    const char *impliedField;
    const char *impliedValue; ///< Unless something else is written down for that field.
};
[[nodiscard]] const std::vector<RouteVariable> &routeVariables();

/// A field of a route, found in a variable's name. `route` as spelled there.
struct RouteFieldName
{
    QString route;
    QString field;
};

/// `MODEL_ROUTE_<KEY>` is that route's URL, `GATEHOUSE_ROUTES_<KEY>_<FIELD>` any field (the key may hold
/// underscores; the longest field that fits counts).
[[nodiscard]] std::optional<RouteFieldName> routeFieldOf(const QString &variable);

} // namespace gatehouse

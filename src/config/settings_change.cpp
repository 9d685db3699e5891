// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_change.h"

#include "config/settings_draft.h"
#include "config/table/setting_table.h"

#include <algorithm>

namespace gatehouse {

namespace {

const QString routesStart = QStringLiteral("routes.");

template <typename Object>
void compare(const SettingSpec<Object> &spec, const Object &before, const Object &after, const QString &key,
             SettingsChange &change)
{
    if (spec.binding.read(before) == spec.binding.read(after))
        return;
    (spec.reload == Reload::Live ? change.live : change.restart).append(key);
}

const RouteSettings *findRoute(const QList<RouteSettings> &routes, const QString &key)
{
    const auto found = std::find_if(routes.begin(), routes.end(),
                                    [&key](const RouteSettings &route) { return route.key == key; });
    return found == routes.end() ? nullptr : &*found;
}

/// Where no field differs, how it was written down may: a total that bounds streams now, another source.
void compareRoute(const RouteSettings &before, const RouteSettings &after, SettingsChange &change)
{
    const qsizetype told = change.live.size() + change.restart.size();
    for (const auto &spec : routeFieldTable())
        compare(spec, before, after, routeFieldKey(after.key, spec.keyText()), change);
    if (told == change.live.size() + change.restart.size() && before != after)
        change.live.append(routesStart + after.key);
}

void compareRoutes(const QList<RouteSettings> &before, const QList<RouteSettings> &after,
                   SettingsChange &change)
{
    QStringList stayed;
    for (const RouteSettings &route : after) {
        const RouteSettings *old = findRoute(before, route.key);
        if (!old) {
            change.live.append(routesStart + route.key);
            continue;
        }
        stayed.append(route.key);
        compareRoute(*old, route, change);
    }
    QStringList had;
    for (const RouteSettings &route : before) {
        if (findRoute(after, route.key))
            had.append(route.key);
        else
            change.live.append(routesStart + route.key);
    }
    if (had != stayed) // The first one is the default where nothing else is written down.
        change.live.append(QStringLiteral("routes"));
}

} // namespace

SettingsChange changeBetween(const Settings &before, const Settings &after)
{
    SettingsChange change;
    for (const auto &spec : settingTable())
        compare(spec, before, after, spec.keyText(), change);
    if (before.limits.appliesToLoopback != after.limits.appliesToLoopback)
        change.live.append(QStringLiteral("limits")); // Whom they hold for, be their values the same.
    compareRoutes(before.routes, after.routes, change);
    return change;
}

} // namespace gatehouse

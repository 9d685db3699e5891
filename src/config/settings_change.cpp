// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_change.h"

#include "config/settings_draft.h"
#include "config/table/setting_table.h"

#include <algorithm>

namespace gatehouse {

namespace {

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

} // namespace

SettingsChange changeBetween(const Settings &before, const Settings &after)
{
    SettingsChange change;
    for (const auto &spec : settingTable())
        compare(spec, before, after, spec.keyText(), change);
    if (before.limits.appliesToLoopback != after.limits.appliesToLoopback)
        change.live.append(QStringLiteral("limits")); // Whom they hold for, be their values the same.
    for (const RouteSettings &route : after.routes) {
        const RouteSettings *old = findRoute(before.routes, route.key);
        if (!old)
            change.restart.append(QStringLiteral("routes.") + route.key);
        else
            for (const auto &spec : routeFieldTable())
                compare(spec, *old, route, routeFieldKey(route.key, spec.keyText()), change);
    }
    for (const RouteSettings &route : before.routes) {
        if (!findRoute(after.routes, route.key))
            change.restart.append(QStringLiteral("routes.") + route.key);
    }
    return change;
}

} // namespace gatehouse

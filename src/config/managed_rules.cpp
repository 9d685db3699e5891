// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/managed_rules.h"

#include "config/config_text.h"
#include "config/route_place.h"
#include "config/route_rules.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// Why the route can't be beside another one; empty: it can.
QString clashWith(const RouteSettings &other, const RouteSettings &route)
{
    if (route.pool == other.pool)
        return {};
    if (route.pool == other.key)
        return ConfigText::tr("its pool has the key of the route \"%1\", which isn't in it").arg(other.key);
    if (route.key == other.pool)
        return ConfigText::tr("its key is the name of a pool that it isn't in");
    return {};
}

QString clashWithAny(const QList<RouteSettings> &others, const RouteSettings &route)
{
    for (const RouteSettings &other : others) {
        if (QString clash = clashWith(other, route); !clash.isEmpty())
            return clash;
    }
    return {};
}

} // namespace

void leaveOutManagedRoutes(SettingsDraft &draft, const QString &judged)
{
    QList<RouteSettings> operators;
    std::ranges::copy_if(draft.settings.routes, std::back_inserter(operators),
                         [](const RouteSettings &route) { return !route.isManaged; });
    if (operators.size() > mostRoutes)
        return; // The operator's own mistake, told as that.
    const bool isJudging = !judged.isEmpty();
    QList<RouteSettings> kept = operators;
    for (const RouteSettings &route : std::as_const(draft.settings.routes)) {
        if (!route.isManaged)
            continue;
        QString reason;
        if (route.key != judged)
            reason = clashWithAny(isJudging ? operators : kept, route);
        if (reason.isEmpty() && !isJudging && kept.size() >= mostRoutes)
            reason = ConfigText::tr("there can be %1 at most").arg(mostRoutes);
        if (reason.isEmpty())
            kept.append(route);
        else
            draft.warnings.append(
                {routePlace(draft, route.key, "key"),
                 ConfigText::tr("the route \"%1\" is left out: %2").arg(route.key, reason)});
    }
    draft.settings.routes = kept;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_health.h"

#include <algorithm>

namespace gatehouse {

namespace {

RouteHealth healthOf(const RouteSettings &route, const CatalogueEntry *entry)
{
    RouteHealth health{.key = route.key.toUtf8(), .kind = route.kind, .models = route.models.size()};
    if (!entry)
        return health;
    if (route.models.isEmpty())
        health.models = entry->models.size();
    if (entry->listed)
        health.latency = entry->latency;
    const bool hasAnswered = !entry->failure || entry->failure->code == ErrorCode::UpstreamRejected;
    const bool isOk = route.models.isEmpty() ? !entry->failure : hasAnswered;
    health.state = isOk ? RouteHealth::State::Ok : RouteHealth::State::Unavailable;
    if (!isOk)
        health.failure = entry->failure;
    return health;
}

} // namespace

QList<RouteHealth> routeHealth(const Settings &settings, const CatalogueEntries &entries)
{
    QList<RouteHealth> routes;
    routes.reserve(settings.routes.size());
    for (const RouteSettings &route : settings.routes)
        routes.append(healthOf(route, entries.value(route.key.toUtf8()).get()));
    return routes;
}

bool hasUsableRoute(const QList<RouteHealth> &routes)
{
    return std::any_of(routes.begin(), routes.end(), [](const RouteHealth &route) {
        return route.state != RouteHealth::State::Unavailable;
    });
}

} // namespace gatehouse

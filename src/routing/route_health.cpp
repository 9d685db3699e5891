// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_health.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// Servers whose models are written down need not list any; but one that doesn't let us in serves nobody.
bool servesWithoutList(const Error &failure)
{
    return failure.code == ErrorCode::UpstreamRejected && failure.upstreamStatus != 401 &&
           failure.upstreamStatus != 403;
}

/// By the newest attempt to ask it for its models.
RouteHealth healthByList(const RouteSettings &route, const CatalogueEntry *entry)
{
    RouteHealth health{.key = route.key.toUtf8(), .kind = route.kind, .models = route.models.size()};
    if (!entry)
        return health;
    if (route.models.isEmpty())
        health.models = entry->models.size();
    if (entry->listed)
        health.latency = entry->latency;
    const bool isOk = !entry->failure || (!route.models.isEmpty() && servesWithoutList(*entry->failure));
    health.state = isOk ? RouteHealth::State::Ok : RouteHealth::State::Unavailable;
    if (!isOk)
        health.failure = entry->failure;
    return health;
}

void addTraffic(RouteHealth &health, const RouteGroup &group)
{
    health.waiting = group.waiting();
    for (const RouteTraffic &traffic : group.traffic()) {
        if (traffic.key != health.key)
            continue;
        health.circuit = traffic.circuit;
        health.outstanding = traffic.outstanding;
    }
    if (health.circuit == CircuitBreaker::State::Closed)
        return;
    health.isOnTrial =
        health.circuit == CircuitBreaker::State::HalfOpen && health.state != RouteHealth::State::Unavailable;
    health.state = RouteHealth::State::Unavailable;
    if (!health.failure)
        health.failure = Error{.code = ErrorCode::UpstreamFailed,
                               .message = QStringLiteral("Requests to it failed; it is left alone for now")};
}

} // namespace

QList<RouteHealth> routeHealth(const RouteSet &routes, const CatalogueEntries &entries)
{
    QList<RouteHealth> healths;
    healths.reserve(routes.groups.size());
    for (qsizetype i = 0; i < routes.groups.size(); ++i) {
        const RouteSettings &route = routes.settings->routes.at(i);
        RouteHealth health = healthByList(route, entries.value(route.key.toUtf8()).get());
        health.pool = route.pool.toUtf8();
        addTraffic(health, *routes.groups.at(i));
        healths.append(std::move(health));
    }
    return healths;
}

bool hasUsableRoute(const QList<RouteHealth> &routes)
{
    return std::any_of(routes.begin(), routes.end(), [](const RouteHealth &route) {
        return route.state != RouteHealth::State::Unavailable || route.isOnTrial;
    });
}

} // namespace gatehouse

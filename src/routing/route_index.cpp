// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_index.h"

#include "routing/route_directory.h"

#include <algorithm>

namespace gatehouse {

namespace {

QByteArray canonical(const QString &model)
{
    return canonicalModelName(model.toUtf8()).toByteArray();
}

std::shared_ptr<const CatalogueEntry> configuredEntry(const RouteSettings &route)
{
    if (route.models.isEmpty())
        return nullptr;
    QList<ModelInfo> models;
    for (const QString &name : route.models)
        models.append({.id = name.toUtf8()});
    auto entry = std::make_shared<CatalogueEntry>();
    entry->setModels(std::move(models));
    entry->listed = true;
    return entry;
}

/// The first route that is the same as this one, which may be itself.
int firstSame(const QList<RouteSettings> &routes, int route,
              bool (*isSame)(const RouteSettings &, const RouteSettings &))
{
    const RouteSettings &self = routes.at(route);
    if (self.url.isEmpty())
        return route;
    int first = 0;
    while (first < route && !isSame(routes.at(first), self))
        ++first;
    return first;
}

int firstOfPool(const QList<RouteSettings> &routes, int route)
{
    const QString &pool = routes.at(route).pool;
    if (pool.isEmpty())
        return route;
    int first = 0;
    while (routes.at(first).pool != pool)
        ++first;
    return first;
}

} // namespace

RouteIndex::RouteIndex(const Settings &settings)
{
    for (int i = 0; i < settings.routes.size(); ++i) {
        const RouteSettings &route = settings.routes.at(i);
        Route known{.key = route.key.toUtf8(),
                    .pool = route.pool.toUtf8(),
                    .first = firstOfPool(settings.routes, i),
                    .place = firstSame(settings.routes, i, isSamePlace),
                    .account = firstSame(settings.routes, i, listsTheSame),
                    .members = {},
                    .configured = configuredEntry(route),
                    .upstreamNames = {}};
        for (auto name = route.names.cbegin(); name != route.names.cend(); ++name)
            known.upstreamNames.insert(canonical(name.key()), name.value().toUtf8());
        m_routes.push_back(std::move(known));
        addToDestination(i);
        if (!route.pool.isEmpty())
            m_named[route.pool.toLower().toUtf8()].append(i);
    }
    // Where a pool is called like one of its routes, that wins.
    for (int i = 0; i < settings.routes.size(); ++i)
        m_named.insert(settings.routes.at(i).key.toLower().toUtf8(), {i});
    for (const QString &model : settings.model.allowedModels)
        m_allowed.insert(canonical(model));
}

void RouteIndex::addToDestination(int route)
{
    m_routes.at(static_cast<size_t>(at(route).first)).members.append(route);
}

QByteArray RouteIndex::upstreamName(int route, const QByteArray &model) const
{
    const auto &names = at(route).upstreamNames;
    return names.isEmpty() ? model : names.value(canonicalModelName(model).toByteArray(), model);
}

QList<int> RouteIndex::named(const QByteArray &routeKey) const
{
    const auto found = m_named.constFind(routeKey);
    return found != m_named.constEnd() ? *found
                                       : m_named.value(QString::fromUtf8(routeKey).toLower().toUtf8());
}

const QList<int> &RouteIndex::destination(int route) const
{
    return at(at(route).first).members;
}

bool RouteIndex::areTwins(int a, int b) const
{
    const bool shareALoad = !pool(a).isEmpty() && pool(a) == pool(b);
    return shareALoad ? at(a).account == at(b).account : at(a).place == at(b).place;
}

QList<int> RouteIndex::withoutTwins(const QList<int> &routes) const
{
    const auto yieldsTo = [this](int route, int other) {
        const bool isPooled = !pool(route).isEmpty();
        const bool isOtherPooled = !pool(other).isEmpty();
        return areTwins(route, other) && (isPooled == isOtherPooled ? other < route : isOtherPooled);
    };
    QList<int> counting;
    counting.reserve(routes.size());
    for (const int route : routes) {
        if (std::none_of(routes.begin(), routes.end(), [&](int other) { return yieldsTo(route, other); }))
            counting.append(route);
    }
    return counting;
}

bool RouteIndex::isAllowed(QByteArrayView model) const
{
    return m_allowed.isEmpty() || m_allowed.contains(canonicalModelName(model).toByteArray());
}

} // namespace gatehouse

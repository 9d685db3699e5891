// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings.h"
#include "routing/catalogue.h"

#include <QSet>

#include <vector>

namespace gatehouse {

/// What the settings say of the routes, prepared so that a request finds it by a few look-ups. Immutable.
/// Routes are meant by their index into Settings::routes.
class RouteIndex
{
public:
    explicit RouteIndex(const Settings &settings);

    [[nodiscard]] const QByteArray &key(int route) const { return at(route).key; }
    [[nodiscard]] const QByteArray &pool(int route) const { return at(route).pool; } ///< Empty: none.

    /// What the operator wrote down as the route's models; null: whatever it lists.
    [[nodiscard]] const CatalogueEntry *configured(int route) const { return at(route).configured.get(); }
    /// What the route's upstream calls a model that callers call so.
    [[nodiscard]] QByteArray upstreamName(int route, const QByteArray &model) const;

    /// The route of this key alone, else all of the pool of this name; empty: there is neither. In any case.
    [[nodiscard]] QList<int> named(const QByteArray &routeKey) const;
    /// The route, or all of its pool.
    [[nodiscard]] const QList<int> &destination(int route) const;
    [[nodiscard]] bool isSameDestination(int a, int b) const { return at(a).first == at(b).first; }

    /// Twins: two routes of the same kind to the same URL, and so the same place. Happens where an operator
    /// kept an old variable beside a new one. Two accounts at one place that share a pool's load are none.
    [[nodiscard]] bool areTwins(int a, int b) const;
    /// Of twins only one counts: the one in a pool, else the first.
    [[nodiscard]] QList<int> withoutTwins(const QList<int> &routes) const;

    [[nodiscard]] bool isAllowed(QByteArrayView model) const;

private:
    struct Route
    {
        QByteArray key;
        QByteArray pool;
        int first = 0;   ///< Of its pool; itself, where it has none.
        int place = 0;   ///< The first route to the same place.
        int account = 0; ///< The first one with the same credentials there.
        QList<int> members;
        std::shared_ptr<const CatalogueEntry> configured;
        QHash<QByteArray, QByteArray> upstreamNames; ///< By canonical name.
    };

    [[nodiscard]] const Route &at(int route) const { return m_routes.at(static_cast<size_t>(route)); }
    void addToDestination(int route);

    std::vector<Route> m_routes;
    QHash<QByteArray, QList<int>> m_named; ///< By lower-case key of a route or name of a pool.
    QSet<QByteArray> m_allowed;            ///< Canonical names; empty: all.
};

} // namespace gatehouse

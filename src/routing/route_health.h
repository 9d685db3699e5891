// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "routing/catalogue.h"
#include "routing/route_directory.h"

namespace gatehouse {

/// How one route is doing, by the newest attempt to ask it for its models and by how requests to it end.
struct RouteHealth
{
    enum class State {
        Unknown, ///< It was never asked.
        Ok,
        Unavailable,
    };

    QByteArray key;
    RouteKind kind = RouteKind::OpenAi;
    State state = State::Unknown;
    qsizetype models = 0;                                  ///< That it serves, as far as known.
    std::optional<std::chrono::milliseconds> latency = {}; ///< Of the newest list that it gave.
    std::optional<Error> failure = {};                     ///< When Unavailable.
    CircuitBreaker::State circuit = CircuitBreaker::State::Closed;
    bool isOnTrial = false; ///< Unavailable, but the next request may show that it is well.
    int outstanding = 0;    ///< Requests that it has now.
    QByteArray pool = {};   ///< Empty: it stands alone.
    qsizetype waiting = 0;  ///< Requests that wait for it, or for its pool.
};

/// All routes in their order. A route whose models were written down is fine as long as it answers at all:
/// such servers often list none. One whose circuit (CircuitBreaker) isn't closed is Unavailable.
[[nodiscard]] QList<RouteHealth> routeHealth(const RouteSet &routes, const CatalogueEntries &entries);

/// Whether a request may find somebody who answers it: what was never asked counts as willing, and what is on
/// trial, too, or nobody would send the request that ends the trial.
[[nodiscard]] bool hasUsableRoute(const QList<RouteHealth> &routes);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "routing/backend_maker.h"
#include "routing/catalogue.h"
#include "routing/route_directory.h"

#include <QObject>
#include <QTimer>

#include <unordered_map>

namespace gatehouse {

/// Asks routes how they are by asking for their models: those that are left alone each second, so that load
/// returns soon after they do, and those of pools every RoutingSettings::probeInterval, so that a request
/// isn't the first to notice. What the catalogue learns by other askers counts, too. A route that answers
/// anything at all is there. Local models aren't probed. Lives in one thread.
class RouteProber : public QObject
{
    Q_OBJECT
public:
    /// All outlive it, and so does what `make` makes backends with.
    RouteProber(RouteDirectory &routes, Catalogue &catalogue, BackendMaker make, const Clock &clock);
    ~RouteProber() override;

    void start(); ///< Asks all upstreams once, and goes on.

private:
    void look();
    void ask(const RouteSettings &route);
    void learn(const QByteArray &routeKey);
    void takeOver();

    struct Probed
    {
        RouteSettings route;
        std::unique_ptr<ChatBackend> backend;
        std::shared_ptr<const CatalogueEntry> learnt; ///< The newest that was learnt from.
    };

    RouteDirectory &m_routes;
    Catalogue &m_catalogue;
    BackendMaker m_make;
    const Clock &m_clock;
    std::unordered_map<std::string, Probed> m_probed; ///< By route key.
    QTimer m_timer;
};

} // namespace gatehouse

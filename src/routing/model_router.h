// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "routing/backend_maker.h"
#include "routing/catalogue.h"
#include "routing/model_listing.h"
#include "routing/route_directory.h"
#include "routing/route_health.h"
#include "routing/route_table.h"

#include <QObject>
#include <QPointer>
#include <QSet>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse {

/// One route that can answer a request.
struct Candidate
{
    QByteArray routeKey;
    std::shared_ptr<ChatBackend> backend; ///< Never null. Used in its lane only.
    QByteArray upstreamModel;             ///< What to ask it for.
    std::chrono::milliseconds total{};    ///< UpstreamTimeouts::total.
    bool isLocal = false;                 ///< A model in this process.
};

/// Where a request goes.
struct ResolvedModel
{
    QByteArray model;                  ///< As callers call it; never empty.
    QList<Candidate> candidates;       ///< At least one, all of `group`.
    std::shared_ptr<RouteGroup> group; ///< Gives out the places at them; never null.
    qint64 contextLength = 0; ///< The model's window in tokens, as far as a route has told; 0: unknown.
};

/// Finds the routes that serve a model (contract §1), for one lane: made and used in its thread. What the
/// routes are and serve is known from the RouteDirectory and the Catalogue, which all lanes share. When the
/// routes change, it follows; requests under way keep the backends that they have.
class ModelRouter : public QObject
{
    Q_OBJECT
public:
    using Resolved = std::function<void(const Result<ResolvedModel> &)>;
    using Listed = std::function<void(const ModelListing &)>;

    /// All outlive the router, and what `make` makes backends with outlives their last request.
    ModelRouter(RouteDirectory &directory, BackendMaker make, Catalogue &catalogue, const Clock &clock);
    ~ModelRouter() override;

    /// Calls `done` once: before this returns when the answer is known, else from the event loop, and not at
    /// all once `context` is gone. An empty model is the default one, an empty route key lets the model
    /// decide. Errors: ModelNotFound, RouteConflict, AmbiguousModel, Forbidden; where the first model of a
    /// route was wanted, what kept the route from listing it; Overloaded, where routes change all the time.
    void resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context, const Resolved &done);

    /// What may answer in a model's place (RoutingSettings::fallbacks), best first. For a model that nothing
    /// serves (`isServed` is false) only a list of its own counts, not `*`: a misspelled name is told.
    [[nodiscard]] QList<FallbackModel> fallbacks(const QByteArray &model, bool isServed = true) const;
    /// Upstreams at which one request may break (RouteFailure::Broken).
    [[nodiscard]] int attempts() const;

    /// Calls `done` once, as resolve() does. Routes that were asked within Catalogue::freshness are not asked
    /// again.
    void list(QObject *context, const Listed &done);

    /// Calls `done` once when every route has been asked within Catalogue::freshness, as resolve() does;
    /// routes whose models were written down, too, which list() has no need to ask.
    void renew(QObject *context, const std::function<void()> &done);
    /// How the routes are doing and what they list, as far as known; these ask nobody.
    [[nodiscard]] QList<RouteHealth> health() const;
    [[nodiscard]] ModelListing known() const;

private:
    /// Somebody who waits until every one of these routes has been asked.
    struct Waiting
    {
        QSet<QByteArray> routeKeys;
        MonotonicTime since;
        QPointer<QObject> context;
        /// Whether they all have been. False: a question came to nothing, or the routes are others now.
        std::function<void(bool isComplete)> proceed;
    };

    void resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context, const Resolved &done,
                 int rounds);
    void list(QObject *context, const Listed &done, int rounds);
    void renew(QObject *context, const std::function<void()> &done, int rounds);

    [[nodiscard]] Result<ResolvedModel> outcome(const RouteDecision &decision,
                                                const CatalogueEntries &entries);
    [[nodiscard]] ResolvedModel resolved(const RouteChoice &choice, const CatalogueEntries &entries) const;
    [[nodiscard]] bool refresh(int route);
    void whenRenewed(const QList<int> &routes, QObject *context, std::function<void(bool)> proceed);
    void onRenewed(const QByteArray &routeKey);

    void takeOver();
    void makeBackends(const RouteSet *before);
    [[nodiscard]] std::shared_ptr<ChatBackend> makeBackend(const RouteSettings &route) const;
    [[nodiscard]] ChatBackend &backend(int route) { return *m_backends.at(static_cast<size_t>(route)); }

    RouteDirectory &m_directory;
    BackendMaker m_make;
    RouteSetPtr m_set;
    std::unique_ptr<RouteTable> m_routes;
    std::vector<std::shared_ptr<ChatBackend>> m_backends; ///< One a route, in their order.
    Catalogue &m_catalogue;
    const Clock &m_clock;
    std::vector<Waiting> m_waiting;
};

} // namespace gatehouse

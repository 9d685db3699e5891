// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "routing/catalogue.h"
#include "routing/model_listing.h"
#include "routing/route_health.h"
#include "routing/route_table.h"

#include <QObject>
#include <QPointer>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse {

/// Where a request goes.
struct ResolvedModel
{
    ChatBackend *backend = nullptr; ///< Never null; lives as long as the router.
    QByteArray model;               ///< Never empty.
    QByteArray routeKey;
};

/// Finds the backend that serves a model (contract §1), for one lane: made and used in its thread. What the
/// routes serve is known from the Catalogue, which all lanes share.
class ModelRouter : public QObject
{
    Q_OBJECT
public:
    using Resolved = std::function<void(const Result<ResolvedModel> &)>;
    using Listed = std::function<void(const ModelListing &)>;

    /// `backends`: one a route, in the order of `settings->routes`. Catalogue and clock outlive the router.
    ModelRouter(SettingsPtr settings, std::vector<std::unique_ptr<ChatBackend>> backends,
                Catalogue &catalogue, const Clock &clock);
    ~ModelRouter() override;

    /// Calls `done` once: before this returns when the answer is known, else from the event loop, and not at
    /// all once `context` is gone. An empty model is the default one, an empty route key lets the model
    /// decide. Errors: ModelNotFound, RouteConflict, AmbiguousModel, Forbidden; and, where the first model of
    /// a route was wanted, what kept the route from listing it.
    void resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context, const Resolved &done);

    /// The model's window in tokens, as far as its route has told; 0: unknown.
    [[nodiscard]] qint64 contextLength(const ResolvedModel &resolved) const;

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
        QPointer<QObject> context;
        std::function<void()> proceed;
    };

    [[nodiscard]] Result<ResolvedModel> outcome(const RouteDecision &decision);
    [[nodiscard]] bool refresh(int route);
    void whenRenewed(const QList<int> &routes, QObject *context, std::function<void()> proceed);
    void onRenewed(const QByteArray &routeKey);
    [[nodiscard]] QByteArray keyOf(int route) const;

    RouteTable m_routes;
    std::vector<std::unique_ptr<ChatBackend>> m_backends;
    Catalogue &m_catalogue;
    const Clock &m_clock;
    std::vector<Waiting> m_waiting;
};

} // namespace gatehouse

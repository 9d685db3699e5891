// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/settings.h"
#include "routing/catalogue.h"
#include "routing/model_listing.h"

#include <variant>

namespace gatehouse {

/// A route and the name under which to ask it.
struct RouteChoice
{
    int route = 0; ///< Index into Settings::routes.
    QByteArray model;
    QList<int> stale = {}; ///< Routes whose lists are old; worth asking again, not worth waiting for.
};

/// These routes must be asked before there is an answer.
struct RouteQuestion
{
    QList<int> routes;
};

using RouteDecision = std::variant<RouteChoice, RouteQuestion, Error>;

/// The rules by which a model finds its route (contract §1). Pure: what the routes list, and whether each
/// list is still fresh, is passed in.
class RouteTable
{
public:
    explicit RouteTable(SettingsPtr settings);

    [[nodiscard]] const Settings &settings() const { return *m_settings; }
    [[nodiscard]] const QList<RouteSettings> &routes() const { return m_settings->routes; }
    [[nodiscard]] bool isAllowed(const QByteArray &model) const;

    /// Every model that may be asked for, and the routes without a list.
    [[nodiscard]] ModelListing listing(const CatalogueEntries &entries) const;

    /// What the operator wrote down for a route; null: whatever it lists.
    [[nodiscard]] const CatalogueEntry *configured(int route) const;

    /// `mayAsk`: whether RouteQuestion is an answer; without it, a list that is old or missing is all there
    /// is. A refusal is only given from fresh lists, a choice also from old ones.
    struct View
    {
        const CatalogueEntries &entries;
        MonotonicTime now;
        bool mayAsk = true;
    };
    [[nodiscard]] bool isOld(int route, const View &view) const; ///< Worth asking again.
    [[nodiscard]] RouteDecision decide(const QByteArray &model, const QByteArray &routeKey,
                                       const View &view) const;

private:
    [[nodiscard]] RouteDecision byModel(const QByteArray &model, int preferred, const View &view) const;
    [[nodiscard]] RouteDecision byRoute(int route, const QByteArray &model, const View &view) const;
    [[nodiscard]] RouteDecision firstOf(int route, const View &view) const;
    [[nodiscard]] const CatalogueEntry *entry(int route, const View &view) const;
    [[nodiscard]] bool mustAsk(int route, const View &view) const;
    [[nodiscard]] int indexOf(const QByteArray &routeKey) const;
    [[nodiscard]] int defaultRoute() const;
    [[nodiscard]] Error ambiguous(const QByteArray &model, const QList<int> &servers) const;
    [[nodiscard]] Error notFound(const QByteArray &model, const View &view) const;

    SettingsPtr m_settings;
    QList<std::shared_ptr<const CatalogueEntry>> m_configured; ///< One a route, null where nothing is.
};

/// Whether two names mean one model: `name` and `name:latest` do, by the convention of servers that tag their
/// models.
[[nodiscard]] bool isSameModel(QByteArrayView a, QByteArrayView b);

/// Whether an allow list lets a model through; an empty one lets all.
[[nodiscard]] bool mayUse(const QStringList &allowed, QByteArrayView model);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/settings.h"
#include "routing/catalogue.h"
#include "routing/model_listing.h"
#include "routing/route_index.h"

#include <variant>

namespace gatehouse {

/// The routes that may answer, and the model's name.
struct RouteChoice
{
    QList<int> routes; ///< Indices into Settings::routes, at least one; several only where they form a pool.
    QByteArray model;  ///< As callers call it.
    QList<int> stale = {}; ///< Routes whose lists are old; worth asking again, not worth waiting for.
};

/// These routes must be asked before there is an answer.
struct RouteQuestion
{
    QList<int> routes;
};

using RouteDecision = std::variant<RouteChoice, RouteQuestion, Error>;

/// One entry of a fallback list (`model` or `route:model`).
struct FallbackModel
{
    QByteArray model;
    QByteArray routeKey = {}; ///< A route's or a pool's; empty: the model decides.
    friend bool operator==(const FallbackModel &, const FallbackModel &) = default;
};

/// The rules by which a model finds its route (contract §1). Pure: what the routes list, and whether each
/// list is still fresh, is passed in.
class RouteTable
{
public:
    explicit RouteTable(SettingsPtr settings);

    [[nodiscard]] const Settings &settings() const { return *m_settings; }
    [[nodiscard]] const QList<RouteSettings> &routes() const { return m_settings->routes; }
    [[nodiscard]] const QByteArray &key(int route) const { return m_index.key(route); }
    [[nodiscard]] bool isAllowed(const QByteArray &model) const { return m_index.isAllowed(model); }

    /// What the route's upstream calls a model that callers call so.
    [[nodiscard]] QByteArray upstreamName(int route, const QByteArray &model) const
    {
        return m_index.upstreamName(route, model);
    }

    /// As ModelRouter::fallbacks(); at most `mostFallbacks`.
    static constexpr qsizetype mostFallbacks = 8;
    [[nodiscard]] QList<FallbackModel> fallbacks(const QByteArray &model, bool isServed = true) const;

    /// Every model that may be asked for, and the routes without a list.
    [[nodiscard]] ModelListing listing(const CatalogueEntries &entries) const;

    /// What the operator wrote down for a route; null: whatever it lists.
    [[nodiscard]] const CatalogueEntry *configured(int route) const { return m_index.configured(route); }

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
    [[nodiscard]] RouteDecision byMembers(const QList<int> &members, const QByteArray &model,
                                          const View &view) const;
    [[nodiscard]] RouteDecision firstOf(const QList<int> &members, const View &view) const;

    /// What is known of some routes.
    struct Survey
    {
        QList<int> servers;   ///< List the model, twins left out.
        QList<int> unasked;   ///< Were never asked.
        QList<int> old;       ///< Worth asking again.
        bool anyList = false; ///< Whether one has a list that its newest attempt gave.
    };
    [[nodiscard]] Survey survey(const QList<int> &among, const QByteArray &model, const View &view) const;
    [[nodiscard]] bool isSettled(const Survey &survey, const View &view) const;
    [[nodiscard]] QByteArray firstModel(const QList<int> &members, const View &view) const;

    [[nodiscard]] const CatalogueEntry *entry(int route, const View &view) const;
    [[nodiscard]] ModelInfo described(int route, const ModelInfo &info, const View &view) const;
    [[nodiscard]] QString nameOf(const QList<int> &members) const;
    [[nodiscard]] Error ambiguous(const QByteArray &model, const QList<int> &servers) const;
    [[nodiscard]] Error notFound(const QByteArray &model, const View &view) const;
    [[nodiscard]] QList<FallbackModel> parseFallbacks(const QStringList &list) const;

    SettingsPtr m_settings;
    RouteIndex m_index;
    QList<int> m_all;
    QByteArray m_defaultModel;
    QList<int> m_defaultDestination;                     ///< Empty where there is no route.
    QHash<QByteArray, QList<FallbackModel>> m_fallbacks; ///< By canonical name, or `*`.
};

/// Whether two names mean one model: `name` and `name:latest` do, by the convention of servers that tag their
/// models.
[[nodiscard]] bool isSameModel(QByteArrayView a, QByteArrayView b);

/// Whether an allow list lets a model through; an empty one lets all.
[[nodiscard]] bool mayUse(const QStringList &allowed, QByteArrayView model);

} // namespace gatehouse

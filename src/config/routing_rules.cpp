// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/routing_rules.h"

#include "config/config_text.h"
#include "config/model_name.h"
#include "config/route_place.h"
#include "config/suggestion.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// Why it matters that two routes lead to one address; empty: it doesn't.
QString twinWarning(const RouteSettings &route, const RouteSettings &earlier)
{
    if (route.url.isEmpty() || route.url != earlier.url || route.kind != earlier.kind)
        return {};
    const bool isSamePool = !route.pool.isEmpty() && route.pool == earlier.pool;
    if (route.apiKey == earlier.apiKey && route.headers == earlier.headers)
        return ConfigText::tr("the route \"%1\" has the same url, so both count as one place")
            .arg(earlier.key);
    if (isSamePool) // Two accounts that share the load.
        return {};
    return ConfigText::tr(
               "the route \"%1\" has the same url with another api_key or other headers; both count "
               "as one place, so models of both are asked of \"%1\" unless a modelKey says otherwise")
        .arg(earlier.key);
}

void warnOfTwins(SettingsDraft &draft)
{
    const QList<RouteSettings> &routes = draft.settings.routes;
    for (qsizetype i = 0; i < routes.size(); ++i) {
        for (qsizetype j = 0; j < i; ++j) {
            const QString text = twinWarning(routes[i], routes[j]);
            if (!text.isEmpty())
                draft.warnings.append({routePlace(draft, routes[i].key, "url"), text});
        }
    }
}

/// A caller's `modelKey` and a fallback's prefix name a route or a pool, so a name must mean one of them. Of
/// the two that clash, those are told that were made at run time.
void checkPoolName(SettingsDraft &draft, const RouteSettings &member)
{
    const QList<RouteSettings> &routes = draft.settings.routes;
    const auto clash = std::find_if(routes.begin(), routes.end(), [&member](const RouteSettings &route) {
        return route.key == member.pool && route.pool != member.pool;
    });
    if (clash == routes.end())
        return;
    if (clash->isManaged)
        draft.mistakes.append(
            {routePlace(draft, clash->key, "key"),
             ConfigText::tr("\"%1\" is the name of a pool that the route isn't in").arg(clash->key)});
    if (member.isManaged || !clash->isManaged)
        draft.mistakes.append(
            {routePlace(draft, member.key, "pool"),
             ConfigText::tr("\"%1\" is the key of a route that isn't in this pool").arg(clash->key)});
}

void checkPools(SettingsDraft &draft)
{
    QHash<QString, int> members;
    for (const RouteSettings &route : std::as_const(draft.settings.routes))
        ++members[route.pool];
    QStringList told;
    const QList<RouteSettings> routes = draft.settings.routes;
    for (const RouteSettings &route : routes) {
        if (route.pool.isEmpty() || told.contains(route.pool))
            continue;
        told.append(route.pool);
        checkPoolName(draft, route);
        if (members.value(route.pool) == 1)
            draft.warnings.append({routePlace(draft, route.key, "pool"),
                                   ConfigText::tr("the pool \"%1\" has no other route").arg(route.pool)});
    }
}

void checkDefaultRoute(SettingsDraft &draft)
{
    const QString wanted = draft.settings.model.defaultRouteKey;
    QStringList names;
    for (const RouteSettings &route : std::as_const(draft.settings.routes))
        names << route.key << route.pool;
    names.removeAll(QString());
    names.removeDuplicates();
    if (wanted.isEmpty() || names.contains(wanted))
        return;
    const QString meant = suggestionFor(wanted, names);
    draft.mistake(QStringLiteral("model.default_route"),
                  meant.isEmpty()
                      ? ConfigText::tr("there is no route \"%1\"").arg(wanted)
                      : ConfigText::tr("there is no route \"%1\"; did you mean \"%2\"?").arg(wanted, meant));
}

/// The routes that the part before an entry's first colon names; none: it is part of a model's name. A name
/// that is both a route's and its pool's means the route.
QList<RouteSettings> routesNamedBy(const QList<RouteSettings> &routes, const QString &entry)
{
    const QString name = entry.section(u':', 0, 0).toLower();
    QList<RouteSettings> members;
    if (name.isEmpty() || !entry.contains(u':'))
        return members;
    for (const RouteSettings &route : routes) {
        if (route.key == name)
            return {route};
        if (route.pool == name)
            members.append(route);
    }
    return members;
}

/// Why nobody will ever be asked because of the entry; empty: that can't be told from here.
QString vainFallback(const Settings &settings, const QString &entry)
{
    const QList<RouteSettings> named = routesNamedBy(settings.routes, entry);
    const QString model = named.isEmpty() ? entry : entry.section(u':', 1);
    const QString shown = displayName(entry);
    if (model.isEmpty())
        return ConfigText::tr("\"%1\" leads nowhere: it names no model").arg(shown);
    const bool isServed = named.isEmpty() || std::any_of(named.begin(), named.end(), [&](const auto &route) {
                              return route.models.isEmpty() || namesModel(route.models, model);
                          });
    if (!isServed)
        return ConfigText::tr(
                   "\"%1\" leads nowhere: the models of that route are written down, and \"%2\" is "
                   "none of them")
            .arg(shown, displayName(model));
    const QStringList &allowed = settings.model.allowedModels;
    if (!allowed.isEmpty() && !namesModel(allowed, model))
        return ConfigText::tr("\"%1\" leads nowhere: \"%2\" is not in model.allowed")
            .arg(shown, displayName(model));
    return {};
}

void warnOfVainFallback(SettingsDraft &draft, const QString &entry)
{
    const QString reason = vainFallback(draft.settings, entry);
    if (!reason.isEmpty())
        draft.warning(QStringLiteral("model.fallback"), reason);
}

void checkFallbacks(SettingsDraft &draft)
{
    const QHash<QString, QStringList> &lists = draft.settings.routing.fallbacks;
    QStringList models = lists.keys();
    models.sort();
    for (const QString &model : std::as_const(models)) {
        for (const QString &entry : lists.value(model))
            warnOfVainFallback(draft, entry);
        if (lists.value(model) == QStringList{model})
            draft.mistake(
                QStringLiteral("model.fallback"),
                ConfigText::tr("\"%1\" has nothing but itself to fall back on").arg(displayName(model)));
    }
}

} // namespace

void applyRoutingRules(SettingsDraft &draft)
{
    warnOfTwins(draft);
    checkPools(draft);
    checkDefaultRoute(draft);
    checkFallbacks(draft);
}

} // namespace gatehouse

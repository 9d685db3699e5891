// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/route_rules.h"

#include "config/config_text.h"
#include "config/suggestion.h"

namespace gatehouse {

namespace {

constexpr qsizetype mostRoutes = 256;

/// The place of a route in messages: its field if that is written down, else the first thing that is.
QString keyIn(const SettingsDraft &draft, const QString &route, const char *field)
{
    const QString wanted = routeFieldKey(route, QString::fromLatin1(field));
    if (draft.isWritten(wanted))
        return wanted;
    for (const char *other : {"key", "url", "path", "kind", "api_key", "models"}) {
        const QString key = routeFieldKey(route, QString::fromLatin1(other));
        if (draft.isWritten(key))
            return key;
    }
    return wanted;
}

void checkLocal(SettingsDraft &draft, const RouteSettings &route, bool hasEngine)
{
    if (!route.url.isEmpty())
        draft.mistake(keyIn(draft, route.key, "url"),
                      ConfigText::tr("the route \"%1\" is local and can have no url").arg(route.key));
    if (!hasEngine)
        draft.mistake(keyIn(draft, route.key, "kind"),
                      ConfigText::tr("this build of Gatehouse runs no local models"));
}

/// Puts right what people mean by an upstream's address.
void completeUrl(SettingsDraft &draft, RouteSettings &route)
{
    const QString path = route.url.path();
    const bool isOllama = route.kind == RouteKind::Ollama;
    const bool hasApiPath = path.endsWith(QLatin1String("/v1")) || path.endsWith(QLatin1String("/api"));
    if (isOllama && hasApiPath)
        route.url.setPath(path.section(QChar(u'/'), 0, -2));
    else if (!isOllama && path.isEmpty())
        route.url.setPath(QStringLiteral("/v1"));
    else
        return;
    draft.warning(keyIn(draft, route.key, "url"), ConfigText::tr("is taken as %1").arg(route.url.toString()));
}

void checkRemote(SettingsDraft &draft, RouteSettings &route)
{
    if (!route.path.isEmpty())
        draft.mistake(keyIn(draft, route.key, "path"),
                      ConfigText::tr("only a local route has a path, and \"%1\" is none").arg(route.key));
    if (!route.url.isEmpty())
        completeUrl(draft, route);
    else if (!draft.refused.contains(routeFieldKey(route.key, QStringLiteral("url"))))
        draft.mistake(keyIn(draft, route.key, "url"),
                      ConfigText::tr("the route \"%1\" has no url").arg(route.key));
}

void checkRoute(SettingsDraft &draft, RouteSettings &route, bool hasEngine)
{
    const QString kindKey = routeFieldKey(route.key, QStringLiteral("kind"));
    if (!route.path.isEmpty() && !draft.isWritten(kindKey)) {
        route.kind = RouteKind::Local;
        draft.sources.insert(kindKey, {.origin = SettingOrigin::Implied,
                                       .name = routeFieldKey(route.key, QStringLiteral("path"))});
    }
    if (route.kind == RouteKind::Local)
        checkLocal(draft, route, hasEngine);
    else
        checkRemote(draft, route);
}

void warnOfTwins(SettingsDraft &draft)
{
    const QList<RouteSettings> &routes = draft.settings.routes;
    for (qsizetype i = 0; i < routes.size(); ++i) {
        for (qsizetype j = 0; j < i; ++j) {
            if (!routes[i].url.isEmpty() && routes[i].url == routes[j].url)
                draft.warning(keyIn(draft, routes[i].key, "url"),
                              ConfigText::tr("the route \"%1\" has the same url; their models can only be "
                                             "asked for with a modelKey")
                                  .arg(routes[j].key));
        }
    }
}

void checkDefaultRoute(SettingsDraft &draft)
{
    const QString wanted = draft.settings.model.defaultRouteKey;
    QStringList keys;
    for (const RouteSettings &route : draft.settings.routes)
        keys.append(route.key);
    if (wanted.isEmpty() || keys.contains(wanted))
        return;
    const QString meant = suggestionFor(wanted, keys);
    draft.mistake(QStringLiteral("model.default_route"),
                  meant.isEmpty()
                      ? ConfigText::tr("there is no route \"%1\"").arg(wanted)
                      : ConfigText::tr("there is no route \"%1\"; did you mean \"%2\"?").arg(wanted, meant));
}

} // namespace

void applyRouteRules(SettingsDraft &draft, bool hasEngine)
{
    QList<RouteSettings> &routes = draft.settings.routes;
    if (routes.size() > mostRoutes) {
        draft.mistake(QStringLiteral("routes"), ConfigText::tr("there can be %1 at most").arg(mostRoutes));
        return;
    }
    if (routes.isEmpty() && hasEngine) {
        RouteSettings demo;
        demo.key = QStringLiteral("local");
        demo.kind = RouteKind::Local;
        demo.timeouts = draft.settings.upstream;
        routes.append(demo);
        const QString &wanted = draft.settings.model.defaultModel;
        if (!wanted.isEmpty() && wanted != u"gatehouse-demo")
            draft.warning(
                QStringLiteral("model.default"),
                ConfigText::tr("there is no route that could serve \"%1\", so the built-in demo model "
                               "answers in its place; write [[routes]] with the path of a GGUF file")
                    .arg(wanted));
    } else if (routes.isEmpty()) {
        draft.warning(QStringLiteral("routes"),
                      ConfigText::tr("there is none, so no request can be answered; set OLLAMA_BASE_URL or "
                                     "MODEL_ROUTE_<KEY>, or write [[routes]]"));
    }
    for (RouteSettings &route : routes)
        checkRoute(draft, route, hasEngine);
    warnOfTwins(draft);
    checkDefaultRoute(draft);
}

} // namespace gatehouse

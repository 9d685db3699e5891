// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/route_rules.h"

#include "config/config_text.h"
#include "config/route_place.h"
#include "config/table/setting_spec.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

void checkLocal(SettingsDraft &draft, const RouteSettings &route, bool hasEngine)
{
    if (!route.url.isEmpty())
        draft.mistakes.append(
            {routePlace(draft, route.key, "url"),
             ConfigText::tr("the route \"%1\" is local and can have no url").arg(route.key)});
    if (!hasEngine)
        draft.mistakes.append({routePlace(draft, route.key, "kind"),
                               ConfigText::tr("this build of Gatehouse runs no local models")});
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
    draft.warnings.append({routePlace(draft, route.key, "url"),
                           ConfigText::tr("is taken as %1").arg(maskedUrl(route.url.toString()))});
}

void checkRemote(SettingsDraft &draft, RouteSettings &route)
{
    if (!route.path.isEmpty())
        draft.mistakes.append(
            {routePlace(draft, route.key, "path"),
             ConfigText::tr("only a local route has a path, and \"%1\" is none").arg(route.key)});
    if (!route.url.isEmpty())
        completeUrl(draft, route);
    else if (!draft.refused.contains(routeFieldKey(route.key, QStringLiteral("url"))))
        draft.mistakes.append({routePlace(draft, route.key, "url"),
                               ConfigText::tr("the route \"%1\" has no url").arg(route.key)});
}

/// What HTTP itself needs, or Gatehouse says of its own requests; any of these could break them or have one
/// taken for two.
bool isReserved(const QByteArray &name)
{
    static constexpr std::array reserved = {
        "host",    "content-length", "transfer-encoding", "connection",      "upgrade",     "te",
        "trailer", "expect",         "keep-alive",        "accept-encoding", "content-type"};
    const QByteArray folded = name.toLower();
    return folded.startsWith("proxy-") ||
           std::any_of(reserved.begin(), reserved.end(), [&](const char *other) { return folded == other; });
}

void checkHeaders(SettingsDraft &draft, const RouteSettings &route)
{
    for (const RouteHeader &header : route.headers) {
        const QString name = displayName(QString::fromLatin1(header.name));
        const bool isCredential = header.name.compare("authorization", Qt::CaseInsensitive) == 0;
        if (isReserved(header.name))
            draft.mistakes.append({routePlace(draft, route.key, "headers"),
                                   ConfigText::tr("%1 is not to be set here").arg(name)});
        else if (isCredential && (!route.apiKey.isEmpty() || !route.url.userInfo().isEmpty()))
            draft.mistakes.append({routePlace(draft, route.key, "headers"),
                                   ConfigText::tr("%1 is what api_key is for; set one of them").arg(name)});
    }
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
    checkHeaders(draft, route);
}

} // namespace

bool applyRouteRules(SettingsDraft &draft, bool hasEngine)
{
    QList<RouteSettings> &routes = draft.settings.routes;
    if (routes.size() > mostRoutes) {
        draft.mistake(QStringLiteral("routes"), ConfigText::tr("there can be %1 at most").arg(mostRoutes));
        return false;
    }
    if (routes.isEmpty() && hasEngine) {
        RouteSettings demo;
        demo.key = QStringLiteral("local");
        demo.kind = RouteKind::Local;
        demo.timeouts = draft.settings.upstream;
        demo.isImplied = true;
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
    return true;
}

} // namespace gatehouse

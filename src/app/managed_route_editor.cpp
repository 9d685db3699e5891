// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/managed_route_editor.h"

#include "config/settings_draft.h"
#include "store/postbox.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// What is wrong with the route; else what keeps any change from counting.
Result<void> verdict(const LoadedSettings &loaded, const QString &key)
{
    const QString start = routeFieldKey(key, QString());
    QStringList lines;
    QString field;
    for (const ConfigMessage &mistake : loaded.mistakes) {
        if (!mistake.source.name.startsWith(start))
            continue;
        const QString name = mistake.source.name.sliced(start.size());
        field = field.isEmpty() ? name : field;
        lines.append(name + QStringLiteral(": ") + mistake.text);
    }
    if (!lines.isEmpty())
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = lines.join(u'\n'),
                     .param = field.toUtf8(),
                     .reason = "invalid_value"};
    if (loaded.settings)
        return {};
    return Error{.code = ErrorCode::RouteConflict,
                 .message =
                     ManagedRouteEditor::tr("The configuration has mistakes, so no route can be changed: %1")
                         .arg(loaded.mistakes.first().text)};
}

} // namespace

ManagedRouteEditor::ManagedRouteEditor(ConfigSources sources, QString dataDir)
    : m_sources(std::move(sources))
    , m_file(managedRoutesFile(dataDir))
{}

void ManagedRouteEditor::put(ManagedRoute route, QObject *context, Done done)
{
    const auto change = [route](QList<ManagedRoute> &routes) -> Result<void> {
        const auto known = std::ranges::find(routes, route.key, &ManagedRoute::key);
        if (known == routes.end())
            routes.append(route);
        else
            *known = route;
        return {};
    };
    schedule(route.key, change, context, std::move(done));
}

void ManagedRouteEditor::remove(QString key, QObject *context, Done done)
{
    const auto change = [key](QList<ManagedRoute> &routes) -> Result<void> {
        if (routes.removeIf([&key](const ManagedRoute &route) { return route.key == key; }) > 0)
            return {};
        return Error{.code = ErrorCode::NotFound, .message = tr("There is no such route.")};
    };
    schedule(key, change, context, std::move(done));
}

void ManagedRouteEditor::schedule(const QString &key, Change change, QObject *context, Done done)
{
    const auto run = [this, key, change = std::move(change), reply = Postbox(context),
                      done = std::move(done)] {
        reply.post([done, outcome = apply(key, change)] { done(outcome); });
    };
    QMetaObject::invokeMethod(this, run, Qt::QueuedConnection);
}

Result<void> ManagedRouteEditor::apply(const QString &key, const Change &change)
{
    const LoadedSettings now = loadSettings(m_sources);
    const bool isOperators =
        now.settings && std::ranges::any_of(now.settings->routes, [&key](const auto &route) {
            return route.key == key && !route.isManaged;
        });
    if (isOperators)
        return Error{.code = ErrorCode::RouteConflict,
                     .message =
                         tr("The route '%1' is written down in the configuration; change it there.").arg(key),
                     .param = "key"};
    Result<QList<ManagedRoute>> routes = readManagedRoutes(m_file);
    if (!routes)
        return routes.error();
    if (const auto changed = change(*routes); !changed)
        return changed;
    ConfigSources checked = m_sources;
    checked.managedRoutes = *routes;
    if (const auto fine = verdict(loadSettings(checked), key); !fine)
        return fine;
    if (const auto written = writeManagedRoutes(m_file, *routes); !written)
        return written;
    Q_EMIT changed();
    return {};
}

} // namespace gatehouse

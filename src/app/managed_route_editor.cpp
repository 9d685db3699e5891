// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/managed_route_editor.h"

#include "config/settings_draft.h"
#include "config/table/setting_table.h"
#include "store/postbox.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// The field of the route that a message is about; empty: it is about something else. Keys have dots, too:
/// `routes.box.eu.url` may be of `box.eu`.
QString fieldNamedBy(const ConfigMessage &message, const QString &key)
{
    QStringList fields{QStringLiteral("key")};
    for (const auto &spec : routeFieldTable())
        fields.append(spec.keyText());
    const auto field = std::ranges::find_if(
        fields, [&](const QString &name) { return message.source.name == routeFieldKey(key, name); });
    return field == fields.end() ? QString() : *field;
}

/// What is wrong with the route; else what keeps any change from counting.
Result<void> verdict(const LoadedSettings &loaded, const QString &key)
{
    QStringList lines;
    QString field;
    for (const ConfigMessage &mistake : loaded.mistakes) {
        const QString name = fieldNamedBy(mistake, key);
        if (name.isEmpty())
            continue;
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

ManagedRouteEditor::ManagedRouteEditor(ConfigSources sources, std::function<bool()> reload)
    : m_sources(std::move(sources))
    , m_reload(std::move(reload))
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
            return route.key == key && !route.isManaged && !route.isImplied;
        });
    if (isOperators)
        return Error{.code = ErrorCode::RouteConflict,
                     .message =
                         tr("The route '%1' is written down in the configuration; change it there.").arg(key),
                     .param = "key"};
    Result<QList<ManagedRoute>> routes = readManagedRoutes(m_sources.managedRoutesFile);
    if (!routes)
        return routes.error();
    if (const auto changed = change(*routes); !changed)
        return changed;
    ConfigSources checked = m_sources;
    checked.managedRoutes = *routes;
    checked.judgedRoute = key;
    if (const auto fine = verdict(loadSettings(checked), key); !fine)
        return fine;
    return takeOver(*routes);
}

Result<void> ManagedRouteEditor::takeOver(const QList<ManagedRoute> &routes)
{
    const auto written = writeManagedRoutes(m_sources.managedRoutesFile, routes);
    // Also after a failure: the file may hold the change, only not for certain. What it holds, counts.
    const bool isReloaded = m_reload();
    if (!written || isReloaded)
        return written;
    return Error{.code = ErrorCode::RouteConflict,
                 .message =
                     tr("The change is kept, but does not count yet: the configuration has mistakes by "
                        "now, and is not taken over before they are put right.")};
}

} // namespace gatehouse

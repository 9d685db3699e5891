// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_builder.h"

#include "config/table/setting_table.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace gatehouse {

namespace {

template <typename Object>
const SettingSpec<Object> *findSpec(const std::vector<SettingSpec<Object>> &table, const QString &key)
{
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&key](const auto &spec) { return key == QLatin1String(spec.key); });
    return found == table.end() ? nullptr : &*found;
}

/// A file of our form, as opposed to variables.
bool isOwnFile(SettingOrigin origin)
{
    return origin == SettingOrigin::ManagedRoutes || origin == SettingOrigin::ConfigFile ||
           origin == SettingOrigin::SecretsFile;
}

class DraftBuilder
{
public:
    explicit DraftBuilder(const QString &workingDirectory)
        : m_workingDirectory(workingDirectory)
    {}

    SettingsDraft build(const QList<Assignment> &assignments)
    {
        for (const Assignment &assignment : assignments) {
            if (assignment.route.isEmpty())
                applySetting(assignment);
        }
        m_draft.settings.upstream.totalBoundsStreams =
            m_draft.isWritten(QStringLiteral("upstream.total_timeout_seconds"));
        m_draft.settings.limits.appliesToLoopback =
            m_draft.isWritten(QStringLiteral("limits.requests_per_second")) ||
            m_draft.isWritten(QStringLiteral("limits.burst")) ||
            m_draft.isWritten(QStringLiteral("limits.requests_per_minute"));

        for (const Assignment &assignment : assignments)
            addRoute(assignment);
        for (const bool implied : {true, false}) { // What is written wins over what follows from something.
            for (const Assignment &assignment : assignments) {
                if (!assignment.route.isEmpty() && assignment.isImplied == implied)
                    applyRouteField(assignment);
            }
        }
        return m_draft;
    }

private:
    [[nodiscard]] SettingValue completed(SettingForm form, const Assignment &assignment) const
    {
        const auto file = textOf(assignment.value);
        if (form != SettingForm::File || !file || file->isEmpty())
            return assignment.value;
        const QString folder = isOwnFile(assignment.source.origin)
                                   ? QFileInfo(assignment.source.file).absolutePath()
                                   : m_workingDirectory;
        return QDir::cleanPath(QDir(folder).absoluteFilePath(*file));
    }

    template <typename Object>
    void apply(const SettingSpec<Object> &spec, Object &object, const Assignment &assignment,
               const QString &fullKey)
    {
        const auto &binding = spec.binding;
        if (binding.assign(object, completed(binding.form, assignment))) {
            m_draft.sources.insert(fullKey, assignment.source);
            return;
        }
        m_draft.refused.insert(fullKey);
        m_draft.mistakes.append(
            {assignment.source, refusalText(binding.form, binding.expected, assignment.value)});
    }

    void applySetting(const Assignment &assignment)
    {
        if (const auto *spec = findSpec(settingTable(), assignment.key))
            apply(*spec, m_draft.settings, assignment, assignment.key);
    }

    void addRoute(const Assignment &assignment)
    {
        if (assignment.route.isEmpty() || routeOf(assignment.route))
            return;
        RouteSettings route;
        route.key = assignment.route;
        route.isManaged = assignment.source.origin == SettingOrigin::ManagedRoutes;
        route.timeouts = m_draft.settings.upstream;
        m_draft.settings.routes.append(route);
    }

    RouteSettings *routeOf(const QString &key)
    {
        auto &routes = m_draft.settings.routes;
        const auto found = std::find_if(routes.begin(), routes.end(),
                                        [&key](const RouteSettings &route) { return route.key == key; });
        return found == routes.end() ? nullptr : &*found;
    }

    void applyRouteField(const Assignment &assignment)
    {
        RouteSettings *route = routeOf(assignment.route);
        const QString fullKey = routeFieldKey(assignment.route, assignment.key);
        if (const auto *spec = findSpec(routeFieldTable(), assignment.key))
            apply(*spec, *route, assignment, fullKey);
        else
            m_draft.sources.insert(fullKey, assignment.source); // The key itself: where the route is named.
        if (assignment.key == QLatin1String("timeouts.total_seconds"))
            route->timeouts.totalBoundsStreams = true;
    }

    QString m_workingDirectory;
    SettingsDraft m_draft;
};

} // namespace

SettingsDraft buildDraft(const QList<Assignment> &assignments, const QString &workingDirectory)
{
    return DraftBuilder(workingDirectory).build(assignments);
}

QList<EffectiveValue> effectiveValues(const SettingsDraft &draft)
{
    QList<EffectiveValue> values;
    for (const auto &spec : settingTable()) {
        const QString key = spec.keyText();
        values.append({key, shownValue(spec, draft.settings), draft.sources.value(key)});
    }
    for (const RouteSettings &route : draft.settings.routes) {
        for (const auto &spec : routeFieldTable()) {
            const QString key = routeFieldKey(route.key, spec.keyText());
            const bool isKind = spec.keyText() == QLatin1String("kind");
            if (isKind || draft.isWritten(key))
                values.append({key, shownValue(spec, route), draft.sources.value(key)});
        }
    }
    return values;
}

} // namespace gatehouse

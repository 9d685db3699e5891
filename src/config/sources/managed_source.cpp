// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/managed_source.h"

#include "config/config_text.h"
#include "config/settings_draft.h"
#include "config/table/setting_table.h"
#include "config/table/value_rules.h"

#include <algorithm>

namespace gatehouse {

namespace {

const QString keyField = QStringLiteral("key");

bool isField(const QString &name)
{
    const auto &table = routeFieldTable();
    return std::any_of(table.begin(), table.end(),
                       [&name](const auto &spec) { return name == QLatin1String(spec.key); });
}

void addRoute(const ManagedRoute &route, const QString &file, SourceContent &content)
{
    const auto source = [&](const QString &field) {
        return SettingSource{
            .origin = SettingOrigin::ManagedRoutes, .file = file, .name = routeFieldKey(route.key, field)};
    };
    const bool isTwice =
        std::any_of(content.assignments.begin(), content.assignments.end(),
                    [&route](const Assignment &assignment) { return assignment.route == route.key; });
    if (isTwice || routeKeyText(route.key) != route.key) {
        content.mistakes.append(
            {source(keyField),
             isTwice ? ConfigText::tr("there is a route \"%1\" already").arg(route.key)
                     : ConfigText::tr("each route needs a key of letters, digits, _, - and .")});
        return;
    }
    content.assignments.append(
        {.route = route.key, .key = keyField, .value = route.key, .source = source(keyField)});
    for (const auto &[field, value] : route.fields) {
        if (isField(field))
            content.assignments.append(
                {.route = route.key, .key = field, .value = value, .source = source(field)});
        else
            content.mistakes.append({source(field), ConfigText::tr("there is no such setting")});
    }
}

} // namespace

SourceContent managedContent(const QList<ManagedRoute> &routes, const QString &file)
{
    SourceContent content;
    for (const ManagedRoute &route : routes)
        addRoute(route, file, content);
    return content;
}

QList<ManagedRoute> managedRoutesOf(const SourceContent &content)
{
    QList<ManagedRoute> routes;
    for (const Assignment &assignment : content.assignments) {
        auto route = std::find_if(routes.begin(), routes.end(), [&assignment](const ManagedRoute &known) {
            return known.key == assignment.route;
        });
        if (route == routes.end())
            route = routes.insert(routes.end(), {.key = assignment.route});
        if (assignment.key != keyField)
            route->fields.append({assignment.key, assignment.value});
    }
    return routes;
}

SourceContent withoutRoutesOf(const QList<Assignment> &operators, SourceContent managed)
{
    const auto writtenDown = [&operators](const QString &route) {
        return std::find_if(operators.begin(), operators.end(),
                            [&route](const Assignment &assignment) { return assignment.route == route; });
    };
    for (const Assignment &assignment : std::as_const(managed.assignments)) {
        const auto other = writtenDown(assignment.route);
        if (assignment.key == keyField && other != operators.end())
            managed.warnings.append(
                {assignment.source, ConfigText::tr("the route \"%1\" is left out, since it is written down "
                                                   "elsewhere: %2")
                                        .arg(assignment.route, describe(other->source))});
    }
    managed.assignments.removeIf(
        [&](const Assignment &assignment) { return writtenDown(assignment.route) != operators.end(); });
    return managed;
}

} // namespace gatehouse

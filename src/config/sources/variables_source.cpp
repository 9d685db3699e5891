// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/variables_source.h"

#include "config/config_text.h"
#include "config/sources/route_variables.h"
#include "config/sources/unused_variables.h"
#include "config/suggestion.h"
#include "config/table/setting_table.h"

#include <QHash>

#include <algorithm>

namespace gatehouse {

namespace {

QStringList namesOf(const SettingSpec<Settings> &spec)
{
    QStringList names{variableFor(spec.keyText())};
    for (const EnvironmentAlias &alias : spec.aliases)
        names.append(QString::fromLatin1(alias.name));
    return names;
}

class VariablesReader
{
public:
    VariablesReader(const QList<Variable> &variables, const SettingSource &origin)
        : m_origin(origin)
    {
        for (const Variable &variable : variables) { // Of one name, the last one counts.
            m_places.remove(variable.name);
            if (!variable.value.isEmpty())
                m_places.insert(variable.name, variable);
        }
        m_ordered = m_places.values();
        std::sort(m_ordered.begin(), m_ordered.end(), [](const Variable &a, const Variable &b) {
            return a.line != b.line ? a.line < b.line : a.name < b.name;
        });
    }

    SourceContent read()
    {
        for (const auto &spec : settingTable())
            readSetting(spec);
        for (const Variable &variable : m_ordered)
            readRoute(variable);
        tellUnused();
        tellUnknown();
        return m_content;
    }

private:
    [[nodiscard]] SettingSource sourceOf(const Variable &variable) const
    {
        SettingSource source = m_origin;
        source.line = variable.line;
        source.name = variable.name;
        return source;
    }

    /// What an alias says, in our own words.
    std::optional<QString> translated(const SettingSpec<Settings> &spec, const Variable &variable)
    {
        for (const EnvironmentAlias &alias : spec.aliases) {
            if (variable.name != QLatin1String(alias.name) || !alias.translate)
                continue;
            const auto ours = alias.translate(variable.value);
            if (!ours)
                m_content.mistakes.append(
                    {sourceOf(variable), refusalText(spec.binding.form, QString::fromLatin1(alias.expected),
                                                     RawText{variable.value})});
            return ours;
        }
        return variable.value;
    }

    void readSetting(const SettingSpec<Settings> &spec)
    {
        std::optional<Variable> first;
        QString value;
        for (const QString &name : namesOf(spec)) {
            const auto place = m_places.constFind(name);
            if (place == m_places.constEnd())
                continue;
            const auto ours = translated(spec, *place);
            if (!ours)
                continue;
            if (first) {
                tellOverruled(spec, *first, *place, value == *ours);
                continue;
            }
            first = *place;
            value = *ours;
            tellUnexpanded(*place);
            m_content.assignments.append(
                {.key = spec.keyText(), .value = RawText{value}, .source = sourceOf(*place)});
        }
    }

    void tellOverruled(const SettingSpec<Settings> &spec, const Variable &winner, const Variable &other,
                       bool isSame)
    {
        if (isSame)
            return;
        const bool isOwn = winner.name == variableFor(spec.keyText());
        if (spec.aliasesMustAgree && !isOwn)
            m_content.mistakes.append({sourceOf(other), ConfigText::tr("contradicts %1").arg(winner.name)});
        else
            m_content.warnings.append(
                {sourceOf(other), ConfigText::tr("has no effect, since %1 is set").arg(winner.name)});
    }

    void tellUnexpanded(const Variable &variable)
    {
        if (variable.line > 0 && variable.value.contains(QLatin1String("${")))
            m_content.warnings.append({sourceOf(variable), ConfigText::tr("${…} is taken as it stands")});
    }

    void readRoute(const Variable &variable)
    {
        for (const RouteVariable &known : routeVariables()) {
            if (variable.name != QLatin1String(known.name))
                continue;
            const QString route = QString::fromLatin1(known.route);
            addRouteField(variable, route, QString::fromLatin1(known.field));
            m_content.assignments.append({.route = route,
                                          .key = QString::fromLatin1(known.impliedField),
                                          .value = QString::fromLatin1(known.impliedValue),
                                          .source = sourceOf(variable),
                                          .isImplied = true});
            return;
        }
        const auto field = routeFieldOf(variable.name);
        if (!field)
            return;
        if (const auto route = routeKeyText(field->route))
            addRouteField(variable, *route, field->field);
        else
            m_content.mistakes.append(
                {sourceOf(variable), ConfigText::tr("a route's key is made of letters, digits, _, - and .")});
    }

    void addRouteField(const Variable &variable, const QString &route, const QString &field)
    {
        const SettingValue value = RawText{variable.value};
        for (const Assignment &other : m_content.assignments) {
            if (other.route == route && other.key == field && !other.isImplied && other.value != value)
                m_content.mistakes.append(
                    {sourceOf(variable), ConfigText::tr("contradicts %1").arg(other.source.name)});
        }
        tellUnexpanded(variable);
        m_content.assignments.append(
            {.route = route, .key = field, .value = value, .source = sourceOf(variable)});
    }

    void tellUnused()
    {
        for (const UnusedVariable &unused : unusedVariables()) {
            const auto place = m_places.constFind(QString::fromLatin1(unused.name));
            if (place != m_places.constEnd())
                m_content.warnings.append(
                    {sourceOf(*place),
                     ConfigText::tr("not used by this version (%1)").arg(ConfigText::tr(unused.what))});
        }
    }

    void tellUnknown()
    {
        QStringList own;
        for (const auto &spec : settingTable())
            own.append(variableFor(spec.keyText()));
        for (const Variable &variable : m_ordered) {
            const bool isOurs = variable.name.startsWith(QLatin1String("GATEHOUSE_"));
            if (!isOurs || own.contains(variable.name) || routeFieldOf(variable.name))
                continue;
            const QString meant = suggestionFor(variable.name, own);
            m_content.mistakes.append(
                {sourceOf(variable),
                 meant.isEmpty() ? ConfigText::tr("there is no such setting")
                                 : ConfigText::tr("there is no such setting; did you mean %1?").arg(meant)});
        }
    }

    SettingSource m_origin;
    QHash<QString, Variable> m_places;
    QList<Variable> m_ordered;
    SourceContent m_content;
};

} // namespace

SourceContent readVariables(const QList<Variable> &variables, const SettingSource &origin)
{
    return VariablesReader(variables, origin).read();
}

} // namespace gatehouse

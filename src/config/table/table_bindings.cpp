// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/table_bindings.h"

#include <QSet>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr qsizetype mostHeaders = 32;
constexpr qsizetype mostModels = 4096;
constexpr qsizetype mostFallbackLists = 256;
constexpr qsizetype mostFallbacks = 8;
const QString everyModel = QStringLiteral("*");

/// A list of `name` and `name=other` as the table that it stands for.
std::optional<TextTable> renamesOf(const SettingValue &value)
{
    if (const auto table = textTableOf(value))
        return table;
    const auto list = listOf(value);
    if (!list)
        return std::nullopt;
    TextTable table;
    for (const QString &entry : *list) {
        const qsizetype sign = entry.indexOf(QChar(u'='));
        table.insert(sign < 0 ? entry : entry.first(sign), sign < 0 ? entry : entry.sliced(sign + 1));
    }
    return table;
}

std::optional<QList<RouteHeader>> headersOf(const SettingValue &value)
{
    const auto table = textTableOf(value);
    if (!table || table->entries.size() > mostHeaders)
        return std::nullopt;
    QList<RouteHeader> headers;
    QSet<QString> names;
    for (const TextTable::Entry &entry : table->entries) {
        const auto name = headerNameText(entry.name);
        const auto text = entry.isList ? std::nullopt : headerValueText(entry.texts.value(0));
        if (!name || !text || names.contains(name->toLower()))
            return std::nullopt;
        names.insert(name->toLower());
        headers.append({name->toLatin1(), Secret(text->toUtf8())});
    }
    return headers;
}

/// False: not what is expected; nothing changed.
bool assignModels(RouteSettings &route, const SettingValue &value)
{
    const auto table = renamesOf(value);
    if (!table || table->entries.size() > mostModels)
        return false;
    QStringList models;
    QHash<QString, QString> known;
    for (const TextTable::Entry &entry : table->entries) {
        const auto name = modelText(entry.name);
        const auto upstream = entry.isList ? std::nullopt : modelText(entry.texts.value(0));
        if (!name || !upstream || known.value(*name, *upstream) != *upstream)
            return false;
        if (!known.contains(*name))
            models.append(*name);
        known.insert(*name, *upstream);
    }
    known.removeIf([](const auto &entry) { return entry.key() == entry.value(); });
    route.models = models;
    route.names = known;
    return true;
}

SettingValue readModels(const RouteSettings &route)
{
    if (route.names.isEmpty())
        return route.models;
    TextTable table;
    for (const QString &model : route.models)
        table.insert(model, route.names.value(model, model));
    return table;
}

std::optional<QStringList> fallbackList(const QStringList &written)
{
    QStringList models;
    for (const QString &entry : written) {
        const auto model = modelText(entry);
        if (!model)
            return std::nullopt;
        models.append(*model);
    }
    models.removeDuplicates();
    return models.size() <= mostFallbacks ? std::optional(models) : std::nullopt;
}

std::optional<QHash<QString, QStringList>> fallbacksOf(const SettingValue &value)
{
    auto table = textTableOf(value);
    if (!table) {
        const auto list = listOf(value);
        if (!list)
            return std::nullopt;
        table = TextTable();
        if (!list->isEmpty())
            table->insert(everyModel, *list);
    }
    QHash<QString, QStringList> lists;
    for (const TextTable::Entry &entry : std::as_const(table->entries)) {
        const auto model = modelText(entry.name);
        const auto list = fallbackList(entry.texts);
        if (!model || !list || lists.contains(*model))
            return std::nullopt;
        lists.insert(*model, *list);
    }
    return lists.size() <= mostFallbackLists ? std::optional(lists) : std::nullopt;
}

SettingValue readFallbacks(const QHash<QString, QStringList> &lists)
{
    const bool isForAll = lists.isEmpty() || (lists.size() == 1 && lists.contains(everyModel));
    if (isForAll)
        return lists.value(everyModel);
    QStringList models = lists.keys();
    models.sort();
    TextTable table;
    for (const QString &model : std::as_const(models))
        table.insert(model, lists.value(model));
    return table;
}

} // namespace

Binding<RouteSettings> routeHeaders()
{
    return {.form = SettingForm::Secret,
            .expected = ConfigText::tr("a table of at most %1 header fields, each name once, with texts of 1 "
                                       "to 4096 printable characters: { \"X-Title\" = \"Gatehouse\" }")
                            .arg(mostHeaders),
            .assign =
                [](RouteSettings &route, const SettingValue &value) {
                    const auto headers = headersOf(value);
                    if (headers)
                        route.headers = *headers;
                    return headers.has_value();
                },
            .read =
                [](const RouteSettings &route) {
                    TextTable table;
                    for (const RouteHeader &header : route.headers)
                        table.insert(QString::fromLatin1(header.name),
                                     QString::fromUtf8(header.value.reveal()));
                    return table;
                }};
}

Binding<RouteSettings> routeModels()
{
    return {.expected = ConfigText::tr("a list of models' names, or a table { \"name\" = \"the upstream's "
                                       "name\" }, at most %1")
                            .arg(mostModels),
            .assign = assignModels,
            .read = readModels};
}

Binding<Settings> modelFallbacks()
{
    return {.expected = ConfigText::tr("a list of at most %1 models, or a table of at most %2 such lists by "
                                       "model: { \"small\" = [\"big\"] }")
                            .arg(mostFallbacks)
                            .arg(mostFallbackLists),
            .assign =
                [](Settings &settings, const SettingValue &value) {
                    const auto lists = fallbacksOf(value);
                    if (lists)
                        settings.routing.fallbacks = *lists;
                    return lists.has_value();
                },
            .read =
                [](const Settings &settings) {
                    return readFallbacks(settings.routing.fallbacks);
                }};
}

} // namespace gatehouse

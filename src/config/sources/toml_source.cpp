// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/toml_source.h"

#include "config/config_text.h"
#include "config/sources/toml_depth.h"
#include "config/sources/toml_library.h"
#include "config/suggestion.h"
#include "config/table/setting_table.h"

#include <QSet>

#include <algorithm>

namespace gatehouse {

namespace {

QString toText(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// toml++'s reason without what it quotes from the file, since that may be a secret.
QString reasonOf(const toml::parse_error &error)
{
    QString reason = toText(error.description()).section(QChar(u'\''), 0, 0).trimmed();
    for (const char *ending : {" saw", ",", " expected", ":"}) {
        if (reason.endsWith(QLatin1String(ending)))
            reason = reason.chopped(QLatin1String(ending).size()).trimmed();
    }
    return ConfigText::tr("not valid TOML (%1)").arg(reason);
}

std::optional<QStringList> textsOf(const toml::array &array)
{
    QStringList texts;
    for (const toml::node &entry : array) {
        if (!entry.is_string())
            return std::nullopt;
        texts.append(toText(entry.as_string()->get()));
    }
    return texts;
}

/// toml++ keeps tables in the order of their keys; people read from top to bottom.
std::optional<TextTable> textTableOf(const toml::table &table)
{
    using Line = std::pair<QString, const toml::node *>;
    QList<Line> lines;
    for (const auto &[name, node] : table)
        lines.append({toText(name.str()), &node});
    std::stable_sort(lines.begin(), lines.end(), [](const Line &a, const Line &b) {
        return a.second->source().begin < b.second->source().begin;
    });
    TextTable texts;
    for (const auto &[name, node] : std::as_const(lines)) {
        const auto list = node->is_array() ? textsOf(*node->as_array()) : std::nullopt;
        if (list)
            texts.insert(name, *list);
        else if (node->is_string())
            texts.insert(name, toText(node->as_string()->get()));
        else
            return std::nullopt;
    }
    return texts;
}

SettingValue valueOf(const toml::node &node)
{
    if (const auto *text = node.as_string())
        return toText(text->get());
    if (const auto *flag = node.as_boolean())
        return flag->get();
    if (const auto *integer = node.as_integer())
        return static_cast<qint64>(integer->get());
    if (const auto *number = node.as_floating_point())
        return number->get();
    const auto list = node.is_array() ? textsOf(*node.as_array()) : std::nullopt;
    const auto table = node.is_table() ? textTableOf(*node.as_table()) : std::nullopt;
    if (table)
        return *table;
    return list ? SettingValue(*list) : SettingValue();
}

template <typename Object>
QStringList keysOf(const std::vector<SettingSpec<Object>> &table)
{
    QStringList keys;
    for (const auto &spec : table)
        keys.append(spec.keyText());
    return keys;
}

/// The known keys below one point of the file.
struct KnownKeys
{
    QStringList all;
    QString prefix; ///< What messages put before a key.

    [[nodiscard]] bool hasSection(const QString &name) const
    {
        return std::any_of(all.begin(), all.end(), [start = name + QChar(u'.')](const QString &key) {
            return key.startsWith(start);
        });
    }
};

class TomlReader
{
public:
    explicit TomlReader(const SettingSource &file)
        : m_file(file)
    {}

    SourceContent read(QByteArrayView text)
    {
        const std::string_view view(text.data(), static_cast<std::size_t>(text.size()));
        if (!isTomlShallow(text)) {
            complain(0, {}, ConfigText::tr("not valid TOML (too many dotted keys)"));
            return m_content;
        }
        const toml::parse_result parsed = toml::parse(view);
        if (!parsed) {
            complain(static_cast<int>(parsed.error().source().begin.line), {}, reasonOf(parsed.error()));
            return m_content;
        }
        const bool hasSettings = m_file.origin != SettingOrigin::ManagedRoutes;
        const KnownKeys known{.all = hasSettings ? keysOf(settingTable()) : QStringList(), .prefix = {}};
        for (const auto &[key, node] : parsed.table()) {
            if (key.str() == "routes")
                readRoutes(node);
            else
                readNode(toText(key.str()), node, known, {});
        }
        sortByLine();
        return m_content;
    }

private:
    static int lineOf(const toml::node &node) { return static_cast<int>(node.source().begin.line); }

    [[nodiscard]] SettingSource sourceOf(int line, const QString &name) const
    {
        SettingSource source = m_file;
        source.line = line;
        source.name = name;
        return source;
    }
    void complain(int line, const QString &name, const QString &text)
    {
        m_content.mistakes.append({sourceOf(line, name), text});
    }

    void readNode(const QString &key, const toml::node &node, const KnownKeys &known, const QString &route)
    {
        const auto *table = node.as_table();
        if (known.all.contains(key)) {
            m_content.assignments.append({.route = route,
                                          .key = key,
                                          .value = valueOf(node),
                                          .source = sourceOf(lineOf(node), known.prefix + key)});
        } else if (known.hasSection(key) && table) {
            for (const auto &[name, child] : *table)
                readNode(key + QChar(u'.') + toText(name.str()), child, known, route);
        } else if (known.hasSection(key)) {
            complain(lineOf(node), known.prefix + key, ConfigText::tr("has to be a table"));
        } else {
            complainUnknown(key, node, known);
        }
    }

    void complainUnknown(const QString &key, const toml::node &node, const KnownKeys &known)
    {
        QStringList candidates = known.all;
        if (node.is_table() || known.prefix.isEmpty()) { // Perhaps a section was meant.
            for (const QString &name : known.all)
                candidates.append(name.section(QChar(u'.'), 0, -2));
            candidates.append(QStringLiteral("routes"));
            candidates.removeAll(QString());
        }
        const QString meant = suggestionFor(key, candidates);
        complain(
            lineOf(node), known.prefix + key,
            meant.isEmpty()
                ? ConfigText::tr("there is no such setting")
                : ConfigText::tr("there is no such setting; did you mean %1?").arg(known.prefix + meant));
    }

    void readRoutes(const toml::node &node)
    {
        const auto *array = node.as_array();
        if (!array || !array->is_homogeneous<toml::table>()) {
            const bool isEmpty = array && array->empty();
            if (!isEmpty)
                complain(lineOf(node), QStringLiteral("routes"),
                         ConfigText::tr("each route is written as [[routes]] with a key"));
            return;
        }
        for (const toml::node &route : *array)
            readRoute(*route.as_table());
    }

    void readRoute(const toml::table &route)
    {
        const toml::node *keyNode = route.get("key");
        const auto written = keyNode ? textOf(valueOf(*keyNode)) : std::nullopt;
        const auto key = written ? routeKeyText(*written) : std::nullopt;
        if (!key) {
            complain(lineOf(keyNode ? *keyNode : route), QStringLiteral("routes.key"),
                     ConfigText::tr("each route needs a key of letters, digits, _, - and ."));
            return;
        }
        if (m_routeKeys.contains(*key)) {
            complain(lineOf(*keyNode), QStringLiteral("routes.key"),
                     ConfigText::tr("there is a route \"%1\" already").arg(*key));
            return;
        }
        m_routeKeys.insert(*key);
        // A route exists once it is named, even where nothing else is said about it.
        m_content.assignments.append({.route = *key,
                                      .key = QStringLiteral("key"),
                                      .value = *key,
                                      .source = sourceOf(lineOf(*keyNode), QStringLiteral("routes.key"))});
        readRouteFields(*key, route);
    }

    void readRouteFields(const QString &key, const toml::table &route)
    {
        const KnownKeys known{.all = keysOf(routeFieldTable()),
                              .prefix = QStringLiteral("routes.%1.").arg(key)};
        for (const auto &[name, node] : route) {
            const QString field = toText(name.str());
            if (field != QLatin1String("key"))
                readNode(field, node, known, key);
        }
    }

    // toml++ keeps tables in the order of their keys; people read from top to bottom, and the order of routes
    // counts.
    void sortByLine()
    {
        const auto byLine = [](const auto &a, const auto &b) {
            return a.source.line < b.source.line;
        };
        std::stable_sort(m_content.assignments.begin(), m_content.assignments.end(), byLine);
        std::stable_sort(m_content.mistakes.begin(), m_content.mistakes.end(), byLine);
    }

    SettingSource m_file;
    SourceContent m_content;
    QSet<QString> m_routeKeys;
};

} // namespace

SourceContent readToml(QByteArrayView text, const SettingSource &file)
{
    return TomlReader(file).read(text);
}

} // namespace gatehouse

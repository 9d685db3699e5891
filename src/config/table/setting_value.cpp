// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_value.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>

#include <cmath>

namespace gatehouse {

namespace {

QString tomlString(const QString &text)
{
    QString literal(QChar(u'"'));
    for (const QChar c : text) {
        if (c == QChar(u'"') || c == QChar(u'\\'))
            literal += QChar(u'\\') + QString(c);
        else if (c.unicode() < 0x20 || c.unicode() == 0x7f)
            literal += QStringLiteral("\\u%1").arg(uint(c.unicode()), 4, 16, QChar(u'0'));
        else
            literal += c;
    }
    return literal + QChar(u'"');
}

QString tomlNumber(double number)
{
    QString literal = QString::number(number, 'g', QLocale::FloatingPointShortest);
    if (!literal.contains(QChar(u'.')) && !literal.contains(QChar(u'e')))
        literal += QStringLiteral(".0"); // TOML tells floats from integers by it.
    return literal;
}

QString tomlList(const QStringList &list)
{
    QStringList literals;
    for (const QString &entry : list)
        literals.append(tomlString(entry));
    return QStringLiteral("[%1]").arg(literals.join(QStringLiteral(", ")));
}

template <typename Literal>
QString tomlTable(const TextTable &table, Literal literalOf)
{
    QStringList lines;
    for (const TextTable::Entry &entry : table.entries)
        lines.append(tomlString(entry.name) + QStringLiteral(" = ") + literalOf(entry));
    return lines.isEmpty() ? QStringLiteral("{}")
                           : QStringLiteral("{ %1 }").arg(lines.join(QStringLiteral(", ")));
}

std::optional<QStringList> textsIn(const QJsonArray &array)
{
    QStringList entries;
    for (const auto &entry : array) {
        if (!entry.isString())
            return std::nullopt;
        entries.append(entry.toString());
    }
    return entries;
}

std::optional<QStringList> jsonList(const QString &text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text.toUtf8());
    return document.isArray() ? textsIn(document.array()) : std::nullopt;
}

std::optional<TextTable> jsonTable(const QString &text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text.toUtf8());
    if (!document.isObject())
        return std::nullopt;
    const QJsonObject object = document.object();
    TextTable table;
    for (auto member = object.begin(); member != object.end(); ++member) {
        const auto list = member->isArray() ? textsIn(member->toArray()) : std::nullopt;
        if (list)
            table.insert(member.key(), *list);
        else if (member->isString())
            table.insert(member.key(), member->toString());
        else
            return std::nullopt;
    }
    return table;
}

template <typename... Visitors>
struct Overloaded : Visitors...
{
    using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

} // namespace

std::optional<QString> textOf(const SettingValue &value)
{
    if (const auto *raw = std::get_if<RawText>(&value))
        return raw->text;
    const auto *text = std::get_if<QString>(&value);
    return text ? std::optional(*text) : std::nullopt;
}

std::optional<bool> boolOf(const SettingValue &value)
{
    if (const auto *flag = std::get_if<bool>(&value))
        return *flag;
    const auto *raw = std::get_if<RawText>(&value);
    if (!raw)
        return std::nullopt;
    const QString word = raw->text.trimmed().toLower();
    for (const char *yes : {"true", "yes", "on", "1", "t", "y"}) {
        if (word == QLatin1String(yes))
            return true;
    }
    for (const char *no : {"false", "no", "off", "0", "f", "n"}) {
        if (word == QLatin1String(no))
            return false;
    }
    return std::nullopt;
}

std::optional<qint64> integerOf(const SettingValue &value)
{
    if (const auto *integer = std::get_if<qint64>(&value))
        return *integer;
    const auto *raw = std::get_if<RawText>(&value);
    bool ok = false;
    const qint64 integer = raw ? raw->text.trimmed().toLongLong(&ok) : 0;
    return ok ? std::optional(integer) : std::nullopt;
}

std::optional<double> numberOf(const SettingValue &value)
{
    bool ok = true;
    double number = 0;
    if (const auto *floating = std::get_if<double>(&value))
        number = *floating;
    else if (const auto *integer = std::get_if<qint64>(&value))
        number = static_cast<double>(*integer);
    else if (const auto *raw = std::get_if<RawText>(&value))
        number = raw->text.trimmed().toDouble(&ok);
    else
        ok = false;
    return ok && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<QStringList> listOf(const SettingValue &value)
{
    if (const auto *list = std::get_if<QStringList>(&value))
        return *list;
    const auto *raw = std::get_if<RawText>(&value);
    if (!raw)
        return std::nullopt;
    const QString text = raw->text.trimmed();
    if (text.startsWith(QChar(u'[')))
        return jsonList(text);
    if (text.startsWith(QChar(u'{')))
        return std::nullopt; // A table, perhaps a broken one.
    QStringList entries;
    for (const QString &entry : text.split(QChar(u','))) {
        if (!entry.trimmed().isEmpty())
            entries.append(entry.trimmed());
    }
    return entries;
}

std::optional<TextTable> textTableOf(const SettingValue &value)
{
    if (const auto *table = std::get_if<TextTable>(&value))
        return *table;
    const auto *raw = std::get_if<RawText>(&value);
    return raw ? jsonTable(raw->text) : std::nullopt;
}

QString tomlText(const SettingValue &value)
{
    return std::visit(Overloaded{
                          [](std::monostate) { return QString(); },
                          [](const RawText &raw) { return tomlString(raw.text); },
                          [](const QString &text) { return tomlString(text); },
                          [](bool flag) { return flag ? QStringLiteral("true") : QStringLiteral("false"); },
                          [](qint64 integer) { return QString::number(integer); },
                          [](double number) { return tomlNumber(number); },
                          [](const QStringList &list) { return tomlList(list); },
                          [](const TextTable &table) {
                              return tomlTable(table, [](const TextTable::Entry &entry) {
                                  return entry.isList ? tomlList(entry.texts)
                                                      : tomlString(entry.texts.value(0));
                              });
                          },
                      },
                      value);
}

QString maskedTable(const TextTable &table)
{
    return tomlTable(table, [](const TextTable::Entry &) { return QStringLiteral("********"); });
}

} // namespace gatehouse

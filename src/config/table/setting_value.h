// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>

#include <optional>
#include <variant>

namespace gatehouse {

/// A value whose type nobody knows yet: variables and options are text, whatever they mean.
struct RawText
{
    QString text;
    friend bool operator==(const RawText &a, const RawText &b) { return a.text == b.text; }
};

/// A table of texts (`{ "X-Title" = "Gatehouse" }`), or of lists of texts, in the order in which it was
/// written. A name that comes twice is the setting's to refuse.
struct TextTable
{
    struct Entry
    {
        QString name;
        QStringList texts; ///< Exactly one unless `isList`.
        bool isList = false;
        friend bool operator==(const Entry &, const Entry &) = default;
    };
    QList<Entry> entries = {};

    void insert(const QString &name, const QString &text) { entries.append({name, {text}}); }
    void insert(const QString &name, const QStringList &list) { entries.append({name, list, true}); }
    friend bool operator==(const TextTable &, const TextTable &) = default;
};

/// A value as written down. Nothing (monostate): not set, or of a type that no setting has.
using SettingValue =
    std::variant<std::monostate, RawText, QString, bool, qint64, double, QStringList, TextTable>;

// The value as a type that a setting wants; nullopt: it is of another. RawText is parsed, typed values have
// to be of that type already (a whole number is a number, too).
[[nodiscard]] std::optional<QString> textOf(const SettingValue &value);
[[nodiscard]] std::optional<bool> boolOf(const SettingValue &value); ///< As pydantic: true, yes, on, t, y, 1.
[[nodiscard]] std::optional<qint64> integerOf(const SettingValue &value);
[[nodiscard]] std::optional<double> numberOf(const SettingValue &value); ///< Finite.
/// RawText: a JSON list of strings, or entries with commas between them.
[[nodiscard]] std::optional<QStringList> listOf(const SettingValue &value);
/// RawText: a JSON object of strings or lists of strings.
[[nodiscard]] std::optional<TextTable> textTableOf(const SettingValue &value);

/// The value as a TOML literal.
[[nodiscard]] QString tomlText(const SettingValue &value);

/// The same of a table whose texts are secrets, each in the place of its own a mask.
[[nodiscard]] QString maskedTable(const TextTable &table);

} // namespace gatehouse

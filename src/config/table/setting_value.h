// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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

/// A value as written down. Nothing (monostate): not set, or of a type that no setting has.
using SettingValue = std::variant<std::monostate, RawText, QString, bool, qint64, double, QStringList>;

// The value as a type that a setting wants; nullopt: it is of another. RawText is parsed, typed values have
// to be of that type already (a whole number is a number, too).
[[nodiscard]] std::optional<QString> textOf(const SettingValue &value);
[[nodiscard]] std::optional<bool> boolOf(const SettingValue &value); ///< As pydantic: true, yes, on, t, y, 1.
[[nodiscard]] std::optional<qint64> integerOf(const SettingValue &value);
[[nodiscard]] std::optional<double> numberOf(const SettingValue &value); ///< Finite.
/// RawText: a JSON list of strings, or entries with commas between them.
[[nodiscard]] std::optional<QStringList> listOf(const SettingValue &value);

/// The value as a TOML literal.
[[nodiscard]] QString tomlText(const SettingValue &value);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/table/binding.h"

#include <optional>
#include <vector>

namespace gatehouse {

/// Another gateway's variable for one of our settings.
struct EnvironmentAlias
{
    const char *name;
    /// Turns that gateway's values into ours; null: they are the same. nullopt: it has no such value.
    std::optional<QString> (*translate)(const QString &text) = nullptr;
    const char *expected = nullptr; ///< What `translate` takes.
};

enum class Reload { Live, Restart };

/// All there is to know about one setting. Parsing, validation, `config check`, `config example`, the names
/// of variables and what a reload changes follow from it.
template <typename Object>
struct SettingSpec
{
    const char *key; ///< As in TOML, with its section: `server.port`.
    Binding<Object> binding;
    std::vector<EnvironmentAlias> aliases = {}; ///< The first one that is set counts.
    const char *documentation; ///< One or more lines; not translated, as the example file isn't.
    Reload reload = Reload::Restart;
    const char *example = nullptr; ///< A TOML literal, for what has no default to show.
    bool aliasesMustAgree = false; ///< A contradiction between aliases is a mistake, not a matter of rank.

    [[nodiscard]] QString keyText() const { return QString::fromLatin1(key); }
};

/// The variable of our own for a key: `server.port` → `GATEHOUSE_SERVER_PORT`.
[[nodiscard]] QString variableFor(const QString &key);

/// An address as people may see it: `scheme://user:password@host:port/path?more` without the password and
/// what follows `?`; of anything else, nothing.
[[nodiscard]] QString maskedUrl(const QString &url);

/// A value as people may see it: secrets masked.
template <typename Object>
[[nodiscard]] QString shownValue(const SettingSpec<Object> &spec, const Object &object)
{
    const SettingValue value = spec.binding.read(object);
    const auto *table = std::get_if<TextTable>(&value);
    if (table && isSecret(spec.binding.form))
        return maskedTable(*table);
    const bool isHidden = isSecret(spec.binding.form) && !textOf(value).value_or(QString()).isEmpty();
    if (isHidden)
        return spec.binding.form == SettingForm::SecretUrl ? maskedUrl(*textOf(value))
                                                           : QStringLiteral("********");
    return std::holds_alternative<std::monostate>(value) ? QStringLiteral("-") : tomlText(value);
}

/// Why a value was refused. Holds the value itself only where it can't be or hold a secret.
[[nodiscard]] QString refusalText(SettingForm form, const QString &expected, const SettingValue &value);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gatehouse {

/// Where a value was written down, by rising precedence.
enum class SettingOrigin {
    Default,
    Implied,
    ManagedRoutes, ///< The file of routes that were made at run time.
    ConfigFile,
    SecretsFile,
    DotEnv,
    Environment,
    CommandLine
};

/// One place in one source.
struct SettingSource
{
    SettingOrigin origin = SettingOrigin::Default;
    QString file = {}; ///< Of the four kinds of files.
    int line = 0;      ///< 1-based; 0: the whole file.
    QString name = {}; ///< As written there: a dotted key, a variable, an option. Implied: what implies it.
};

/// `gatehouse.toml:12`, `environment`: the place without the name.
[[nodiscard]] QString placeOf(const SettingSource &source);

/// For the table of effective values: the place, and the name where it is not the setting's own key.
[[nodiscard]] QString describe(const SettingSource &source);

/// Something that the operator should know. Never holds a secret's text.
struct ConfigMessage
{
    SettingSource source;
    QString text;

    [[nodiscard]] QString toString() const; ///< `place: name: text`, one line.
};

/// A name from outside, fit for a message: one line, printable, at most 80 characters.
[[nodiscard]] QString displayName(const QString &name);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/config_sources.h"
#include "config/setting_source.h"
#include "config/settings.h"

#include <QList>
#include <QStringList>

namespace gatehouse {

/// One setting as it is in the end, and why.
struct EffectiveValue
{
    QString key;  ///< `server.port`, `routes.box.url`
    QString text; ///< A TOML literal; `********` for a secret, `-` for nothing.
    SettingSource source;
};

/// What came of the sources: settings where there is no mistake, else all mistakes at once.
struct LoadedSettings
{
    SettingsPtr settings; ///< Null if there are mistakes.
    QList<EffectiveValue> values;
    QList<ConfigMessage> mistakes;
    QList<ConfigMessage> warnings;
    QStringList files; ///< Those that were read; when one changes, load again.

    /// The settings, or one Error (InvalidRequest) whose message has a line for each mistake.
    [[nodiscard]] Result<SettingsPtr> result() const;
};

/// Reads the files that `sources` point to and builds settings from everything. Takes a few milliseconds of
/// file access; any thread.
[[nodiscard]] LoadedSettings loadSettings(const ConfigSources &sources);

} // namespace gatehouse

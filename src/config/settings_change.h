// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings.h"

#include <QStringList>

namespace gatehouse {

/// What a reload changes, by key (`auth.mode`, `routes.box.url`; `routes.box` for one that came or went or
/// is written down in another way, `routes` when their order changed, `limits` when they begin or cease to
/// hold for callers on this machine). Never values.
struct SettingsChange
{
    QStringList live;    ///< Counts from now on.
    QStringList restart; ///< Counts after the next start only.
};

/// Compares two states of the settings. Pure.
[[nodiscard]] SettingsChange changeBetween(const Settings &before, const Settings &after);

} // namespace gatehouse

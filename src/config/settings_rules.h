// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// What settings depend on besides what is written down.
struct RuleFacts
{
    bool hasEngine = false;
    QString defaultDataDir;   ///< Absolute.
    QString judgedRoute = {}; ///< As in ConfigSources.
};

/// Completes a draft (what follows from what) and holds it against the rules that more than one setting is
/// part of. Adds mistakes and warnings. Pure.
void applyRules(SettingsDraft &draft, const RuleFacts &facts);

} // namespace gatehouse

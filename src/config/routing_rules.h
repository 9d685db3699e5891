// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// Holds the routes of a draft against each other, and against what refers to them: twins, pools, the default
/// route, fallbacks. Adds mistakes and warnings. Pure.
void applyRoutingRules(SettingsDraft &draft);

} // namespace gatehouse

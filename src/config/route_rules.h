// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// The part of applyRules() that is about routes. Pure.
void applyRouteRules(SettingsDraft &draft, bool hasEngine);

} // namespace gatehouse

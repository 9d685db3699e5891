// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

inline constexpr qsizetype mostRoutes = 256;

/// The part of applyRules() that is about each route by itself. False: there are so many that they aren't
/// looked at. Pure.
[[nodiscard]] bool applyRouteRules(SettingsDraft &draft, bool hasEngine);

} // namespace gatehouse

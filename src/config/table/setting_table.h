// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/table/setting_spec.h"

namespace gatehouse {

/// Every setting but the routes, in the order of the example file. Immutable, built at the first call.
[[nodiscard]] const std::vector<SettingSpec<Settings>> &settingTable();

/// The fields of one route, but its key. Keys are relative: `url`, `timeouts.read_seconds`.
[[nodiscard]] const std::vector<SettingSpec<RouteSettings>> &routeFieldTable();

} // namespace gatehouse

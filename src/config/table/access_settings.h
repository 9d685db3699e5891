// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/table/setting_spec.h"

namespace gatehouse {

/// Adds the settings of who may ask, how much, and where that is kept: `auth`, `limits`, `database`, `redis`.
void addAccess(std::vector<SettingSpec<Settings>> &specs);

} // namespace gatehouse

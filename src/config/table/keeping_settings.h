// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/table/setting_spec.h"

namespace gatehouse {

/// Adds the settings of which answers and conversations are kept, and for how long: `cache`, `history`.
void addKeeping(std::vector<SettingSpec<Settings>> &specs);

} // namespace gatehouse

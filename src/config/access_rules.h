// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// The rules of keys, secrets and limits: completes the mode, adds mistakes and warnings, which name secrets
/// and never show them. Whether there are keys in the database is not known here.
void applyAccessRules(SettingsDraft &draft);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// The place of a route in messages: its field if that is written down, else the first thing that is. One
/// that was made at run time is always spoken of by the field.
[[nodiscard]] SettingSource routePlace(const SettingsDraft &draft, const QString &route, const char *field);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"
#include "config/settings_loader.h"
#include "config/sources/assignment.h"

namespace gatehouse {

/// Carries out assignments in their order, so that the later one wins, on top of the defaults. One that a
/// setting doesn't accept is a mistake and changes nothing. Relative file names are completed: from a file to
/// its folder, else to `workingDirectory`. Pure.
[[nodiscard]] SettingsDraft buildDraft(const QList<Assignment> &assignments, const QString &workingDirectory);

/// Every setting of the table and every field of a route that counts, in order.
[[nodiscard]] QList<EffectiveValue> effectiveValues(const SettingsDraft &draft);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_draft.h"

namespace gatehouse {

/// Leaves those managed routes out that don't go together with the others any more, with a warning for each:
/// what the operator wrote since must not keep a service from starting that ran with them. Of two managed
/// ones the earlier stays. \param judged the key of one that stays, as its clashes are mistakes; where there
/// is one, the others need to suit the operator's only, as none must go for its sake.
void leaveOutManagedRoutes(SettingsDraft &draft, const QString &judged);

} // namespace gatehouse

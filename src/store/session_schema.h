// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database_target.h"

#include <QStringList>

namespace gatehouse {

/// The statements that make the tables of sessions and messages, the second migration.
[[nodiscard]] QStringList sessionSchema(SqlEngine engine);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database_target.h"

#include <QStringList>

namespace gatehouse {

/// The statements that make the ledger's tables, part of the first migration.
[[nodiscard]] QStringList ledgerSchema(SqlEngine engine);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

namespace gatehouse {

/// Raises the access version; to be called in the transaction of the change itself. (migrations.h reads it.)
[[nodiscard]] Result<void> raiseAccessVersion(Database &database);

/// Runs a statement that changes one key or user, and raises the access version, both or neither. Errors:
/// NotFound with `missing` as its message where the statement changed nothing.
[[nodiscard]] Result<void> changeAccess(Database &database, const QString &sql, const QVariantList &values,
                                        const QString &missing);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database_target.h"

class QSqlError;

namespace gatehouse {

/// The driver's error as one of ours: Overloaded where trying again may help, else Internal. The detail is
/// the driver's text without the password.
[[nodiscard]] Error sqlError(const DatabaseTarget &target, const QSqlError &error, bool isConnected);

/// Whether the statement failed for a row that is there already. (SQLSTATE 23505; SQLite's
/// SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.)
[[nodiscard]] bool isDuplicate(const Error &error);

} // namespace gatehouse

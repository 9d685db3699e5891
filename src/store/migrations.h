// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

namespace gatehouse {

/// Brings the schema to this program's version: numbered steps, all in one transaction, after a copy of an
/// SQLite file that holds an older one (`gatehouse.db.before-3`). Several processes may call it at once.
/// Errors: a schema newer than this program knows.
[[nodiscard]] Result<void> migrate(Database &database, const DatabaseTarget &target);

/// A number that rises with each change of keys or users, whichever process made it.
[[nodiscard]] Result<qint64> accessVersion(Database &database);

/// A small text kept under a name; unset where there is none.
[[nodiscard]] Result<std::optional<QString>> note(Database &database, const QString &name);
[[nodiscard]] Result<void> setNote(Database &database, const QString &name, const QString &text);

} // namespace gatehouse

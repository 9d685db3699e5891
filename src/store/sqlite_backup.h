// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database_target.h"

namespace gatehouse {

/// Copies an SQLite database as it is now, with what stands in its WAL, to `<file>.before-<version>` (mode
/// 0600; replaced whole if there is one). To be called while nobody else may write. Waits for the disk.
[[nodiscard]] Result<void> backUpSqlite(const DatabaseTarget &target, qint64 version);

} // namespace gatehouse

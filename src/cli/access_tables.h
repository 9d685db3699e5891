// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/key_record.h"

#include <QList>

namespace gatehouse {

/// Lines of aligned columns under a heading, each with its line feed.
[[nodiscard]] QString keyTable(const QList<KeyRecord> &keys, WallTime now);
[[nodiscard]] QString userTable(const QList<UserRecord> &users);

/// A JSON array of objects with the names of contract §4, times in ISO 8601 (UTC), null where nothing is set.
[[nodiscard]] QString keysAsJson(const QList<KeyRecord> &keys);

} // namespace gatehouse

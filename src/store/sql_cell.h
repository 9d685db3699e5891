// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

#include <variant>

namespace gatehouse {

/// One value of a row to be inserted; std::monostate is NULL. A text is UTF-8 without zero characters, and
/// outlives the insertion.
using SqlCell = std::variant<std::monostate, qint64, double, QByteArrayView>;

} // namespace gatehouse

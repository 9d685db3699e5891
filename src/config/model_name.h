// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace gatehouse {

/// Whether two names mean one model: `name` and `name:latest` do, by the convention of servers that tag their
/// models.
[[nodiscard]] bool isSameModelName(QStringView a, QStringView b);

/// Whether a list of names has that model.
[[nodiscard]] bool namesModel(const QStringList &names, QStringView model);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QStringList>

namespace gatehouse {

/// A model's name without the tag `:latest`, which means the same, by the convention of servers that tag
/// their models.
[[nodiscard]] QStringView canonicalModelName(QStringView name);
[[nodiscard]] QByteArrayView canonicalModelName(QByteArrayView name);

/// Whether two names mean one model.
[[nodiscard]] bool isSameModelName(QStringView a, QStringView b);

/// Whether a list of names has that model.
[[nodiscard]] bool namesModel(const QStringList &names, QStringView model);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace gatehouse {

/// How many letters must be inserted, removed, changed or swapped with their neighbour to make one of the
/// other (optimal string alignment).
[[nodiscard]] int editDistance(QStringView a, QStringView b);

/// What `name` was probably meant to be: the candidate that differs by the fewest letters, at most a third of
/// them; else, of dotted names, the only one with the same last part. Empty: nothing comes near.
[[nodiscard]] QString suggestionFor(const QString &name, const QStringList &candidates);

} // namespace gatehouse

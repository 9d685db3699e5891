// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QString>

namespace gatehouse {

/// The name of a key or user as it is kept: without white space around it, 1 to 100 characters, none of them
/// a control or format character, which could forge what a list shows. Error: InvalidRequest, `param` as
/// given.
[[nodiscard]] Result<QString> checkAccessName(const QString &name, const QByteArray &param);

} // namespace gatehouse

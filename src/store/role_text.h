// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/key_record.h"

#include <QString>

namespace gatehouse {

[[nodiscard]] inline QString roleText(CallerRole role)
{
    return QLatin1String(roleName(role));
}

/// Whatever is not written as an admin is none.
[[nodiscard]] inline CallerRole roleFromText(const QString &text)
{
    return text == QLatin1String("admin") ? CallerRole::Admin : CallerRole::User;
}

} // namespace gatehouse

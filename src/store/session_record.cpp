// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/session_record.h"

#include <algorithm>

namespace gatehouse {

bool isSessionId(QByteArrayView id)
{
    constexpr QByteArrayView others = "-_.:~@";
    return !id.isEmpty() && id.size() <= maxSessionIdBytes && std::all_of(id.begin(), id.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.contains(c);
    });
}

} // namespace gatehouse

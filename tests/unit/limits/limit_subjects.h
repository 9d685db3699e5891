// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"

/// A caller at `address` (empty: unknown) without a key.
inline gatehouse::LimitSubject callerAt(const char *address)
{
    return {.address = QHostAddress(QString::fromLatin1(address))};
}

/// A caller from nowhere in particular with a key of these limits.
inline gatehouse::LimitSubject callerWith(const gatehouse::KeyLimits &limits, const QByteArray &id = "key")
{
    auto key = std::make_shared<gatehouse::KeyRecord>();
    key->id = id;
    key->limits = limits;
    return {.key = key};
}

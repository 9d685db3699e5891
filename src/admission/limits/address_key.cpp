// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/address_key.h"

#include "admission/client_address.h"

#include <QtEndian>

namespace gatehouse {

quint64 addressKey(const QHostAddress &address)
{
    bool isV4 = false;
    const quint32 v4 = address.toIPv4Address(&isV4);
    if (isV4)
        return Q_UINT64_C(0xffffffff) << 32 | v4;
    const Q_IPV6ADDR v6 = address.toIPv6Address();
    return qFromBigEndian<quint64>(v6.c);
}

bool isLimited(const QHostAddress &address, const LimitSettings &settings)
{
    return !address.isNull() && (settings.appliesToLoopback || !isLoopback(address));
}

} // namespace gatehouse

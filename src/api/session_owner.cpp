// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_owner.h"

namespace gatehouse {

QByteArray sessionOwner(const Caller &caller, const QHostAddress &address)
{
    if (caller.keyId != localCallerId && caller.keyId != anonymousCallerId)
        return caller.keyId;
    if (address.isNull() || address.isLoopback())
        return anonymousCallerId.toByteArray();
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4); // Also where it came mapped into IPv6.
    const QString text = isIpv4 ? QHostAddress(ipv4).toString() : address.toString();
    return anonymousCallerId.toByteArray() + '@' + text.toLatin1();
}

} // namespace gatehouse

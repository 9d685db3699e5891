// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_owner.h"

#include <QCoreApplication>

namespace gatehouse {

QByteArray sessionOwner(const Caller &caller, const QHostAddress &address)
{
    if (caller.keyId != localCallerId && caller.keyId != anonymousCallerId)
        return caller.keyId;
    if (address.isNull() || address.isLoopback())
        return localCallerId.toByteArray(); // In whichever mode.
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4); // Also where it came mapped into IPv6.
    const QString text = isIpv4 ? QHostAddress(ipv4).toString() : address.toString();
    return anonymousCallerId.toByteArray() + '@' + text.toLatin1();
}

Error notASessionId(const QByteArray &param)
{
    return {.code = ErrorCode::InvalidRequest,
            .message = QCoreApplication::translate("Sessions",
                                                   "A session's id is 1 to 128 letters, digits and -_.:~@"),
            .param = param,
            .reason = "invalid_value"};
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/lane_context.h"

namespace gatehouse {

LimitSubject LaneContext::limitSubject(const QHostAddress &address, const Caller &caller) const
{
    LimitSubject subject{.address = address, .key = caller.key};
    if (caller.key && caller.key->limits.monthlyTokens)
        subject.monthlyTokensBefore = m_shared.tokensThisMonth.get()->value(caller.keyId);
    return subject;
}

} // namespace gatehouse

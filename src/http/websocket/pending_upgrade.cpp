// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/websocket/pending_upgrade.h"

#include <QPointer>

namespace gatehouse {

void PendingUpgrade::ask(const Request &request)
{
    m_endpoint.gate(request, *this, [upgrade = QPointer(this)](WebSocketDecision decision) {
        if (!upgrade || upgrade->isDecided())
            return;
        upgrade->m_decision = std::move(decision);
        Q_EMIT upgrade->decided();
    });
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/credential_gate.h"
#include "api/call.h"
#include "api/socket_peer.h"
#include "http/router.h"

#include <functional>

namespace gatehouse {

class LaneContext;

/// Whose limits count. A trusted proxy that doesn't say for whom it speaks is itself the one, and so is one
/// on another machine that claims to speak for loopback, which limits may exempt.
[[nodiscard]] QHostAddress addressOf(const Request &request, const CredentialGate &gate);

/// The endpoints of one lane, each wrapped once in what all of them owe: a ticket, the gates, the body's
/// type. Endpoints get an admitted Call and no chance to forget any of it.
///
/// The gates, in order: the credential (it decides whose limits count, and costs next to nothing), then the
/// limits of the address and of the key (before anything else is said, so that a wrong key that hammers is
/// shut out, too), then the credential's verdict. Requests to models pass a second time in `chat.cpp`, once
/// it is known how much they ask for.
class EndpointTable
{
public:
    EndpointTable(Router &router, LaneContext &context)
        : m_router(router)
        , m_context(context)
    {}

    void add(QByteArray method, QByteArray pattern, Access access, std::function<void(Call &)> serve);

    /// A WebSocket (contract §2), with the same gates: credential, limits, and the page's origin, before the
    /// handshake is answered. The handshake is one request of the ledger; each message is one of its own,
    /// which is the business of `serve`. `check` (empty: none) may refuse what the path or the query says.
    void addWebSocket(QByteArray pattern, SocketCheck check, SocketServe serve);

    /// What machines ask over and over to see whether all is well: no credential, no limits, no row in the
    /// ledger.
    void addProbe(QByteArray method, QByteArray pattern, std::function<void(Call &)> serve);

    /// Answers OPTIONS on every path that was added, so that web pages may ask what they may send.
    void addPreflights();

private:
    struct Endpoint
    {
        Access access = Access::Public;
        bool isProbe = false;
        std::function<void(Call &)> serve;
    };
    void add(QByteArray method, QByteArray pattern, Endpoint endpoint);
    static void begin(Request request, ResponseSink &sink, const Endpoint &endpoint, LaneContext &context);

    Router &m_router;
    LaneContext &m_context;
    QHash<QByteArray, QByteArrayList> m_methods; ///< By pattern.
};

} // namespace gatehouse

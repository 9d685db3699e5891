// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/deadline.h"
#include "http/router.h"

#include <QObject>

#include <chrono>
#include <optional>

namespace gatehouse {

/// A handshake that waits for its gate's decision, which may come later: the `context` that the gate was
/// given. It is destroyed when the client leaves or the lane ends, and with it whatever the gate has begun.
class PendingUpgrade : public QObject
{
    Q_OBJECT
public:
    /// How long a gate may take. (What a gate waits for has bounds of its own; this is for none at all.)
    static constexpr std::chrono::seconds longestWait{30};

    explicit PendingUpgrade(const Router::WebSocketEndpoint &endpoint)
        : m_endpoint(endpoint)
        , m_end(std::chrono::steady_clock::now() + longestWait)
    {}

    /// Asks the gate. decided() may be emitted before this returns.
    void ask(const Request &request);

    [[nodiscard]] const Router::WebSocketEndpoint &endpoint() const { return m_endpoint; }
    [[nodiscard]] Deadline::Time end() const { return m_end; }
    [[nodiscard]] bool isDecided() const { return m_decision.has_value(); }
    [[nodiscard]] WebSocketDecision &decision() { return *m_decision; }

Q_SIGNALS:
    void decided();

private:
    const Router::WebSocketEndpoint &m_endpoint;
    const Deadline::Time m_end;
    std::optional<WebSocketDecision> m_decision;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/request.h"
#include "http/response_sink.h"
#include "http/router.h"

namespace gatehouse {

/// A WebSocket handshake as the gates read it (contract §2).
struct SocketHandshake
{
    /// With the API key where every request has it: in `x-api-key`. Browsers can set no fields, and show it
    /// as a subprotocol (`gatehouse.v1, key.<API key>`) or in the query (`?api_key=`); a field wins over the
    /// subprotocol, and that over the query. The query and the subprotocols are left out, so that nothing
    /// further on can repeat a key of theirs.
    Request request;
    QByteArray subprotocol; ///< To be selected: `gatehouse.v1` where it was offered, else empty.
};
[[nodiscard]] SocketHandshake readHandshake(Request request);

/// Where the gates' answer to a handshake goes: the whole Response, or, for the status 101, the selected
/// subprotocol. So handshakes pass the very gates that requests pass.
class HandshakeSink final : public ResponseSink
{
    Q_OBJECT
public:
    HandshakeSink(QByteArray subprotocol, std::function<void(WebSocketDecision)> decide, QObject *parent)
        : ResponseSink(parent)
        , m_subprotocol(std::move(subprotocol))
        , m_decide(std::move(decide))
    {}

    void send(const Response &response) override;
    [[nodiscard]] bool hasBegun() const override { return m_isSent; }
    [[nodiscard]] qint64 pendingBytes() const override { return 0; }

    // No gate answers piecemeal.
    void begin(int, const Headers &) override {}
    void write(const QByteArray &) override {}
    void end() override {}
    void abort() override {}

private:
    const QByteArray m_subprotocol;
    const std::function<void(WebSocketDecision)> m_decide;
    bool m_isSent = false;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "base/result.h"
#include "http/request.h"

#include <QByteArray>
#include <QHash>
#include <QHostAddress>

#include <functional>

namespace gatehouse {

class WebSocketChannel;

/// Who is at the other end of a WebSocket that was let in: what is kept of its handshake (no credential is).
struct SocketPeer
{
    QByteArray requestId; ///< Of the handshake.
    QByteArray endpoint;  ///< The pattern that matched.
    QHash<QByteArray, QByteArray> pathParameters;
    Caller caller;
    QHostAddress address; ///< Whose limits count.
};

/// Whether the handshake's path and query make sense.
using SocketCheck = std::function<Result<void>(const Request &request)>;

/// Takes over a WebSocket; whatever it makes is a child of the channel.
using SocketServe = std::function<void(SocketPeer peer, WebSocketChannel &channel)>;

} // namespace gatehouse

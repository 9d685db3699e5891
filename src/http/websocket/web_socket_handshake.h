// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "http/wire/request_head.h"

namespace gatehouse {

/// Whether the head of an upgrade (RequestHead::isUpgradeToWebSocket) is a handshake that RFC 6455 §4.2.1
/// lets a server accept. Errors: InvalidRequest; with `reason` `websocket_version` (426, §4.4) a version
/// other than 13.
[[nodiscard]] Result<void> checkHandshake(const RequestHead &head);

/// The handshake as QWebSocketServer is to read it: the fields that it needs and no other, so that it can
/// understand nothing differently, no credential stays in QWebSocket, and exactly the subprotocol that the
/// gate selected (empty: none) is on offer.
[[nodiscard]] QByteArray renderHandshake(const RequestHead &head, const QByteArray &subprotocol,
                                         const Header &extra);

} // namespace gatehouse

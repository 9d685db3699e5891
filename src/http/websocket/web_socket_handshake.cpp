// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/websocket/web_socket_handshake.h"

#include "http/wire/field_syntax.h"

namespace gatehouse {

namespace {

constexpr qsizetype keyBytes = 16;

} // namespace

Result<void> checkHandshake(const RequestHead &head)
{
    const QList<QByteArray> versions = head.headers.values("sec-websocket-version");
    if (versions.size() != 1 || trimmedOws(versions.front()) != "13")
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("Only version 13 of the WebSocket protocol is spoken here."),
                     .reason = "websocket_version"};
    const QList<QByteArray> keys = head.headers.values("sec-websocket-key");
    const auto decoded =
        keys.size() == 1
            ? QByteArray::fromBase64Encoding(keys.front(), QByteArray::AbortOnBase64DecodingErrors)
            : QByteArray::FromBase64Result{};
    if (keys.size() != 1 || !decoded || decoded.decoded.size() != keyBytes)
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("Malformed Sec-WebSocket-Key field.")};
    return {};
}

QByteArray renderHandshake(const RequestHead &head, const QByteArray &subprotocol, const Header &extra)
{
    QByteArray out = "GET " + head.path +
                     " HTTP/1.1\r\nHost: " + head.headers.value("host").value_or("localhost") +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
                     "Sec-WebSocket-Key: " + head.headers.value("sec-websocket-key").value_or(QByteArray()) +
                     "\r\n" + extra.name + ": " + extra.value + "\r\n";
    if (!subprotocol.isEmpty())
        out += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    return out + "\r\n";
}

} // namespace gatehouse

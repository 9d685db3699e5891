// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "dialects/native/socket_messages.h"

#include <variant>

/// The WebSocket dialect of predecessor B (contract §2, `/ws`): every message is an envelope
/// `{"type", "session_id", "data": {…}}`.
namespace gatehouse::gemma {

/// `{"type":"chat","data":{"message","stream"?,"session_id"?,"model"?, …}}`; what else `data` holds is read
/// as decodeChatBody() reads it.
struct ChatMessage
{
    ChatRequest request;       ///< `stream` as asked for; true unless said otherwise.
    QByteArray sessionId = {}; ///< Empty: the connection's own.
};

using SocketMessage = std::variant<ChatMessage, native::CancelMessage, native::PingMessage>;

/// Errors: InvalidRequest.
[[nodiscard]] Result<SocketMessage> decodeSocketMessage(QByteArrayView text);

/// The first message on a connection.
[[nodiscard]] QByteArray encodeConnected(QByteArrayView sessionId);
[[nodiscard]] QByteArray encodePong(QByteArrayView sessionId);
/// `{"type":"error","session_id","data":{"error":{…},"message"}}`, with `"retry_after":seconds` in `data`
/// where the error has it.
[[nodiscard]] QByteArray encodeError(QByteArrayView sessionId, const Error &error);

} // namespace gatehouse::gemma

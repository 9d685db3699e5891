// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "dialects/native/request_decoder.h"

#include <variant>

namespace gatehouse::native {

/// `{"type":"cancel"}`: stop the running answer.
struct CancelMessage
{};
/// `{"type":"ping"}`, which is answered by `{"type":"pong"}`.
struct PingMessage
{};

/// What a client says on /ws/chat or /websockets/chat/{session_id}.
using SocketMessage = std::variant<ChatBody, CancelMessage, PingMessage>;

/// Reads a message on /ws/chat (A): `{model?, messages, params?}`, or on /websockets/chat/{session_id} (E):
/// `{"message", "model"?}`. Either form is taken on both. Answers always stream.
/// Errors: InvalidRequest, as decodeChatBody().
[[nodiscard]] Result<SocketMessage> decodeSocketMessage(QByteArrayView text);

/// `{"type":"error","error":{message,type,param,code},"detail":message}`, and `"retry_after":seconds` where
/// the error has it.
[[nodiscard]] QByteArray encodeSocketError(const Error &error);
[[nodiscard]] QByteArray encodePong();

} // namespace gatehouse::native

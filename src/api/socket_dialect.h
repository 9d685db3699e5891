// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "dialects/answer_encoder.h"
#include "dialects/native/socket_messages.h"

#include <chrono>
#include <functional>
#include <memory>
#include <variant>

namespace gatehouse {

/// What a message on a WebSocket asks of the model.
struct SocketQuestion
{
    ChatRequest request;
    QByteArray sessionId = {}; ///< Where it is to be kept; empty: nowhere.
};

/// The three predecessors' ways to talk on a WebSocket (contract §2): how one connection's messages are read
/// and written. One object a connection.
class SocketDialect
{
public:
    using Message = std::variant<SocketQuestion, native::CancelMessage, native::PingMessage>;
    struct AnswerTerms
    {
        QByteArray id;
        bool stream = true;
        std::function<std::chrono::milliseconds()> latency;
    };

    virtual ~SocketDialect() = default;

    /// Errors: InvalidRequest.
    [[nodiscard]] virtual Result<Message> decode(QByteArrayView text) const = 0;
    /// \returns one whose bytes are one message each.
    [[nodiscard]] virtual std::unique_ptr<AnswerEncoder> encoder(const SocketQuestion &question,
                                                                 AnswerTerms terms) const = 0;
    /// `sessionId`: that of the message at fault; empty: the connection's.
    [[nodiscard]] virtual QByteArray error(const Error &error, QByteArrayView sessionId) const = 0;
    [[nodiscard]] virtual QByteArray pong() const = 0;
    [[nodiscard]] virtual QByteArray greeting() const { return {}; } ///< Said first; empty: nothing.
};

/// A's (`/ws/chat`) and, with a session that every message belongs to, E's (`/websockets/chat/{session_id}`).
[[nodiscard]] std::unique_ptr<SocketDialect> makeNativeSocketDialect(QByteArray sessionId = {});
/// B's (`/ws`). The session is that of messages that name none.
[[nodiscard]] std::unique_ptr<SocketDialect> makeGemmaSocketDialect(QByteArray sessionId);

} // namespace gatehouse

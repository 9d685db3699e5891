// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "integration/door/raw_client.h"

namespace gatehouse {

/// One WebSocket frame (RFC 6455 §5.2).
struct Frame
{
    int opcode = -1; ///< -1: there was none.
    bool final = true;
    QByteArray payload;

    /// Of a close frame; 0: none given.
    [[nodiscard]] int closeCode() const
    {
        return payload.size() < 2 ? 0 : (quint8(payload[0]) << 8 | quint8(payload[1]));
    }
};

inline constexpr int textFrame = 1;
inline constexpr int binaryFrame = 2;
inline constexpr int closeFrame = 8;
inline constexpr int pingFrame = 9;
inline constexpr int pongFrame = 10;

/// The head of a valid handshake with `more` field lines.
[[nodiscard]] QByteArray handshake(const QByteArray &path, const QByteArray &more = "x-api-key: sesame\r\n");

/// As a client sends it: masked.
[[nodiscard]] QByteArray encodeFrame(const Frame &frame);

/// A WebSocket client that answers nothing by itself, not even pings.
class WebSocketClient
{
public:
    explicit WebSocketClient(quint16 port, const QByteArray &head = handshake("/ws/echo"),
                             int receiveBuffer = 0);

    [[nodiscard]] RawClient &raw() { return m_client; }
    /// What the handshake was answered with.
    [[nodiscard]] const Answer &answer() const { return m_answer; }

    bool send(const Frame &frame) { return m_client.send(encodeFrame(frame)); }
    bool sendText(const QByteArray &text) { return send({.opcode = textFrame, .payload = text}); }
    [[nodiscard]] Frame receive(std::chrono::milliseconds timeout = std::chrono::seconds(5));

private:
    [[nodiscard]] bool fill(qsizetype size, std::chrono::steady_clock::time_point end);

    RawClient m_client;
    Answer m_answer;
    QByteArray m_buffer;
};

} // namespace gatehouse

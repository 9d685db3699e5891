// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "fakes/behaviour.h"

#include <QByteArray>
#include <QTcpSocket>

#include <optional>

namespace gatehouse::fakes {

/// The head of an answer.
struct AnswerHead
{
    int status = 200;
    QByteArray contentType = "application/json";
    QByteArray moreFields = {}; ///< Complete header lines.
    qint64 length = -1;         ///< `Content-Length` as it is said, true or not; −1: none.
};

/// Puts one answer's bytes on the socket: the framing, the pieces, the slow drip.
class AnswerWriter
{
public:
    /// `keepAlive`: whether the client lets the connection live.
    AnswerWriter(QTcpSocket &socket, const Behaviour &behaviour, bool keepAlive);

    void head(const AnswerHead &head);
    void body(const QByteArray &bytes); ///< In pieces and chunks as the behaviour says.
    void end();                         ///< The last chunk, if chunked.
    void raw(const QByteArray &bytes);  ///< As they are.

    /// The reader is there and keeps up: at most 256 KiB wait for it.
    [[nodiscard]] bool hasRoom() const;
    /// All that was written is with the socket.
    [[nodiscard]] bool isDrained() const { return m_dripping.isEmpty(); }
    /// Only the end of the connection ends the answer.
    [[nodiscard]] bool endsWithConnection() const { return m_close; }

    /// Sends the bytes that are due. Returns when the next one is.
    std::optional<MonotonicTime> drip(MonotonicTime now);

private:
    void piece(const QByteArray &bytes);

    QTcpSocket &m_socket;
    int m_pieceBytes;
    std::chrono::milliseconds m_gap;
    bool m_chunked;
    bool m_close;
    QByteArray m_dripping; ///< Waits for its time.
    MonotonicTime m_nextDrip;
};

} // namespace gatehouse::fakes

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <span>

class QTcpSocket;

namespace gatehouse {

/// What a connection has received and not yet made use of. Bytes pass through the lane's scratch memory;
/// only those that belong to a later request are kept here.
class Inbox
{
public:
    /// `scratch` is shared with other connections: what lies in it is gone once control has left for them.
    Inbox(QTcpSocket &socket, std::span<char> scratch);

    /// The next bytes; none when nothing has come. keep() what is not used of them before the next call.
    [[nodiscard]] QByteArrayView next();
    /// `rest` is the end of what next() gave.
    void keep(QByteArrayView rest);

    /// Keeps what has come for later, up to a bound: for only who goes on reading sees the FIN. False when
    /// the bound is reached, so that something may stand unread in the socket.
    [[nodiscard]] bool hold();

    [[nodiscard]] bool isEmpty() const;
    void clear();

private:
    [[nodiscard]] QByteArrayView readSocket();

    QTcpSocket &m_socket;
    const std::span<char> m_scratch;
    QByteArray m_kept; ///< From m_offset on.
    qsizetype m_offset = 0;
};

} // namespace gatehouse

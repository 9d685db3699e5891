// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

class QTcpSocket;

namespace gatehouse {

/// What a connection has still to send. On a plain socket it goes to the system directly, and only what that
/// doesn't take at once goes through QTcpSocket, whose write notifier would cost two system calls an answer.
class Outbox
{
public:
    explicit Outbox(QTcpSocket &socket);

    /// For appending in place; flush() hands it over.
    [[nodiscard]] QByteArray &buffer() { return m_buffer; }

    void append(const QByteArray &bytes);

    /// Hands over what is there. False: the connection is broken.
    [[nodiscard]] bool flush();

    /// Bytes that the system has not taken yet.
    [[nodiscard]] qint64 pending() const;

private:
    [[nodiscard]] bool sendDirectly();

    QTcpSocket &m_socket;
    const bool m_encrypted;
    QByteArray m_buffer;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/outbox.h"

#include <QSslSocket>
#include <QTcpSocket>

#include <sys/socket.h>

#include <cerrno>

namespace gatehouse {

namespace {

/// A buffer that grew over this for one large answer is given back.
constexpr qsizetype keptCapacity = 16 * 1024;

} // namespace

Outbox::Outbox(QTcpSocket &socket)
    : m_socket(socket)
    , m_encrypted(qobject_cast<QSslSocket *>(&socket) != nullptr)
{}

void Outbox::append(const QByteArray &bytes)
{
    if (m_buffer.isEmpty() && bytes.size() > keptCapacity)
        m_buffer = bytes; // Shared, not copied.
    else
        m_buffer.append(bytes);
}

bool Outbox::flush()
{
    if (m_buffer.isEmpty())
        return true;
    // flush() on a socket that is not connected aborts it.
    if (m_socket.state() != QAbstractSocket::ConnectedState)
        return false;
    if (!m_encrypted && m_socket.bytesToWrite() == 0 && !sendDirectly())
        return false;
    if (!m_buffer.isEmpty()) {
        if (m_socket.write(m_buffer) != m_buffer.size())
            return false;
        if (m_encrypted)
            m_socket.flush();
    }
    if (m_buffer.capacity() > keptCapacity)
        m_buffer = QByteArray();
    else
        m_buffer.resize(0); // Keeps the memory.
    return true;
}

bool Outbox::sendDirectly()
{
    const auto size = static_cast<size_t>(m_buffer.size());
    ssize_t sent = 0;
    do {
        sent = ::send(static_cast<int>(m_socket.socketDescriptor()), m_buffer.constData(), size,
                      MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == ENOBUFS;
    if (static_cast<size_t>(sent) == size)
        m_buffer.resize(0);
    else
        m_buffer.remove(0, sent);
    return true;
}

qint64 Outbox::pending() const
{
    qint64 pending = m_buffer.size() + m_socket.bytesToWrite();
    if (m_encrypted)
        pending += static_cast<const QSslSocket &>(m_socket).encryptedBytesToWrite();
    return pending;
}

} // namespace gatehouse

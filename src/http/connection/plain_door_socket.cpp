// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/plain_door_socket.h"

#include <QSocketNotifier>

#include <sys/socket.h>

#include <cerrno>

namespace gatehouse {

PlainDoorSocket::PlainDoorSocket()
{
    connect(this, &QTcpSocket::disconnected, this, &PlainDoorSocket::forget);
}

PlainDoorSocket::~PlainDoorSocket()
{
    disconnect(this, nullptr, this, nullptr); // The base class still closes.
}

void PlainDoorSocket::letGo()
{
    m_holdsBack = false;
    pushHeld();
}

qint64 PlainDoorSocket::bytesToWrite() const
{
    return m_held.size() + QTcpSocket::bytesToWrite();
}

void PlainDoorSocket::disconnectFromHost()
{
    forget();
    QTcpSocket::disconnectFromHost();
}

qint64 PlainDoorSocket::writeData(const char *data, qint64 size)
{
    if (!m_isDirect || QTcpSocket::bytesToWrite() > 0)
        return QTcpSocket::writeData(data, size);
    const qint64 sent = m_holdsBack || !m_held.isEmpty() ? 0 : push({data, size});
    if (sent < size) {
        m_held.append(data + sent, size - sent);
        if (!m_holdsBack)
            awaitRoom();
    }
    return size;
}

qint64 PlainDoorSocket::push(QByteArrayView bytes)
{
    const auto descriptor = static_cast<int>(socketDescriptor());
    ssize_t sent = 0;
    do {
        sent =
            ::send(descriptor, bytes.data(), static_cast<size_t>(bytes.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    // Of a connection that is broken, whoever reads from it learns.
    return errno == EAGAIN || errno == ENOBUFS ? 0 : bytes.size();
}

void PlainDoorSocket::pushHeld()
{
    if (m_held.isEmpty())
        return;
    m_held.remove(0, push(m_held));
    if (m_held.isEmpty())
        forget();
    else
        awaitRoom();
}

void PlainDoorSocket::awaitRoom()
{
    if (!m_room) {
        m_room = std::make_unique<QSocketNotifier>(socketDescriptor(), QSocketNotifier::Write);
        connect(m_room.get(), &QSocketNotifier::activated, this, [this] {
            const qint64 before = m_held.size();
            pushHeld();
            if (m_held.size() < before)
                Q_EMIT bytesWritten(before - m_held.size());
        });
    }
    m_room->setEnabled(true);
}

void PlainDoorSocket::forget()
{
    m_held = QByteArray();
    if (m_room)
        m_room->setEnabled(false);
}

} // namespace gatehouse

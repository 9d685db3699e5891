// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/bridge/virtual_socket.h"

#include <cstring>

namespace gatehouse {

VirtualSocket::VirtualSocket(QObject *parent)
    : QTcpSocket(parent)
{
    setSocketState(ConnectedState);
    setOpenMode(ReadWrite | Unbuffered);
}

void VirtualSocket::receive(const QByteArray &bytes)
{
    m_incoming = bytes;
    m_offset = 0;
    Q_EMIT readyRead();
    m_incoming.clear();
    m_offset = 0;
}

qint64 VirtualSocket::bytesAvailable() const
{
    // Within a transaction QIODevice keeps what was read, and counts it.
    return m_incoming.size() - m_offset + QIODevice::bytesAvailable();
}

qint64 VirtualSocket::readData(char *data, qint64 maxSize)
{
    const qint64 size = qMin<qint64>(maxSize, m_incoming.size() - m_offset);
    std::memcpy(data, m_incoming.constData() + m_offset, static_cast<size_t>(size));
    m_offset += size;
    return size;
}

qint64 VirtualSocket::writeData(const char *, qint64 size)
{
    return size;
}

} // namespace gatehouse

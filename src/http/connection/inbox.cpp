// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/inbox.h"

#include <QTcpSocket>

#include <utility>

namespace gatehouse {

namespace {

/// Once in the socket and once here.
constexpr qsizetype bound = 64 * 1024;

} // namespace

Inbox::Inbox(QTcpSocket &socket, std::span<char> scratch)
    : m_socket(socket)
    , m_scratch(scratch)
{
    socket.setReadBufferSize(bound);
}

QByteArrayView Inbox::next()
{
    return m_kept.isEmpty() ? readSocket() : QByteArrayView(m_kept).sliced(m_offset);
}

QByteArrayView Inbox::readSocket()
{
    const qint64 size = m_socket.read(m_scratch.data(), qint64(m_scratch.size()));
    return {m_scratch.data(), qMax<qint64>(size, 0)};
}

void Inbox::keep(QByteArrayView rest)
{
    if (rest.isEmpty())
        clear();
    else if (m_kept.isEmpty())
        m_kept = rest.toByteArray();
    else
        m_offset = m_kept.size() - rest.size();
}

bool Inbox::hold()
{
    while (m_kept.size() - m_offset < bound) {
        const QByteArrayView bytes = readSocket();
        if (bytes.isEmpty())
            return true;
        m_kept.remove(0, std::exchange(m_offset, 0));
        m_kept.append(bytes);
    }
    return false;
}

bool Inbox::isEmpty() const
{
    return m_kept.isEmpty() && m_socket.bytesAvailable() == 0;
}

void Inbox::clear()
{
    m_kept = QByteArray();
    m_offset = 0;
}

} // namespace gatehouse

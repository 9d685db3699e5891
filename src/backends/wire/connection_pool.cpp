// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/connection_pool.h"

#include <QTimerEvent>

#include <algorithm>

namespace gatehouse {

void SocketDeleter::operator()(QTcpSocket *socket) const
{
    socket->disconnect();
    socket->abort();
    socket->deleteLater();
}

SocketPtr ConnectionPool::take(const QByteArray &origin)
{
    const auto known = m_waiting.constFind(origin);
    while (known != m_waiting.constEnd() && !(*known)->empty()) {
        SocketPtr socket = std::move((*known)->back().socket);
        (*known)->pop_back();
        socket->disconnect(this);
        if (socket->state() == QAbstractSocket::ConnectedState && socket->bytesAvailable() == 0)
            return socket;
    }
    return nullptr;
}

void ConnectionPool::giveBack(const QByteArray &origin, SocketPtr socket)
{
    auto &waiting = m_waiting[origin];
    if (!waiting)
        waiting = std::make_shared<std::vector<Waiting>>();
    if (waiting->size() >= mostPerOrigin)
        return;
    QTcpSocket *raw = socket.get();
    const auto dropIt = [this, origin, raw] {
        drop(origin, raw);
    };
    connect(raw, &QTcpSocket::disconnected, this, dropIt);
    connect(raw, &QTcpSocket::readyRead, this, dropIt);
    waiting->push_back({.socket = std::move(socket), .since = std::chrono::steady_clock::now()});
    if (!m_sweep.isActive())
        m_sweep.start(static_cast<int>(std::chrono::milliseconds(longestWait / 4).count()),
                      Qt::VeryCoarseTimer, this);
}

void ConnectionPool::drop(const QByteArray &origin, const QTcpSocket *socket)
{
    std::erase_if(*m_waiting.value(origin),
                  [socket](const Waiting &waiting) { return waiting.socket.get() == socket; });
}

void ConnectionPool::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_sweep.timerId())
        return QObject::timerEvent(event);
    const MonotonicTime oldest = std::chrono::steady_clock::now() - longestWait;
    bool anyLeft = false;
    for (const auto &waiting : std::as_const(m_waiting)) {
        std::erase_if(*waiting, [oldest](const Waiting &each) { return each.since < oldest; });
        anyLeft = anyLeft || !waiting->empty();
    }
    if (!anyLeft)
        m_sweep.stop();
}

} // namespace gatehouse

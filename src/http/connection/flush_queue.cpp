// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/flush_queue.h"

#include "http/connection/connection.h"

#include <QCoreApplication>
#include <QEvent>

#include <algorithm>

namespace gatehouse {

void FlushQueue::add(Connection &connection)
{
    if (m_waiting.empty())
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
    m_waiting.push_back(&connection);
}

void FlushQueue::remove(Connection &connection)
{
    std::erase(m_waiting, &connection);
    std::replace(m_running.begin(), m_running.end(), &connection, static_cast<Connection *>(nullptr));
}

bool FlushQueue::event(QEvent *event)
{
    if (event->type() != QEvent::User)
        return QObject::event(event);
    m_running.swap(m_waiting);
    for (std::size_t i = 0; i < m_running.size(); ++i) {
        if (Connection *connection = m_running[i])
            connection->flushNow();
    }
    m_running.clear();
    return true;
}

} // namespace gatehouse

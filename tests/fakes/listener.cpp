// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/listener.h"

#include "fakes/connection.h"

#include <QHostAddress>

namespace gatehouse::fakes {

namespace {

/// Thousands of streams may be opened at once.
constexpr int Backlog = 4096;

} // namespace

Listener::Listener(Script &script, Journal &journal)
    : m_script(script)
    , m_journal(journal)
{
    setListenBacklogSize(Backlog);
}

bool Listener::start(quint16 port)
{
    return listen(QHostAddress::LocalHost, port);
}

void Listener::resetConnections()
{
    const QList<Connection *> connections = findChildren<Connection *>(Qt::FindDirectChildrenOnly);
    for (Connection *connection : connections)
        connection->reset();
}

void Listener::incomingConnection(qintptr descriptor)
{
    auto *connection = new Connection(descriptor, m_script, m_journal, this);
    connect(connection, &Connection::refuseFromNowOn, this, &QTcpServer::close);
}

} // namespace gatehouse::fakes

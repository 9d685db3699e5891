// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/redis_server.h"

#include <QLocalSocket>

#include <signal.h>

namespace gatehouse::services {
namespace {

bool answers(const QString &socketPath)
{
    QLocalSocket socket;
    socket.connectToServer(socketPath);
    if (!socket.waitForConnected(1000))
        return false;
    socket.write("PING\r\n");
    return socket.waitForReadyRead(1000) && socket.readAll().startsWith("+PONG");
}

} // namespace

RedisServer::RedisServer(Listen listen)
    : m_port(listen == Listen::UnixSocketAndTcp ? freePort() : 0)
{
    m_process = std::make_unique<ServerProcess>(ServerProcess::Options{
        .program = findProgram(QStringLiteral("redis-server")),
        .arguments = {QStringLiteral("--port"), QString::number(m_port), QStringLiteral("--bind"),
                      QStringLiteral("127.0.0.1"), QStringLiteral("--unixsocket"), socketPath(),
                      QStringLiteral("--dir"), m_folder.path(), QStringLiteral("--save"), QString(),
                      QStringLiteral("--appendonly"), QStringLiteral("no"), QStringLiteral("--databases"),
                      QStringLiteral("4"), QStringLiteral("--daemonize"), QStringLiteral("no")},
        .logFile = m_folder.filePath(QStringLiteral("redis.log")),
        .deathSignal = SIGKILL,
    });
}

RedisServer::~RedisServer() = default;

QString RedisServer::whyMissing()
{
    return findProgram(QStringLiteral("redis-server")).isEmpty()
               ? QStringLiteral("redis-server is not installed")
               : QString();
}

bool RedisServer::start()
{
    if (isRunning())
        return true;
    const bool isUp = m_process->start([this] { return answers(socketPath()); });
    if (!isUp)
        qWarning("%s", qUtf8Printable(log()));
    return isUp;
}

void RedisServer::stop()
{
    thaw();
    m_process->end(SIGTERM);
}

void RedisServer::kill()
{
    m_process->end(SIGKILL);
}

void RedisServer::freeze()
{
    m_process->sendSignal(SIGSTOP);
}

void RedisServer::thaw()
{
    m_process->sendSignal(SIGCONT);
}

QString RedisServer::socketPath() const
{
    return m_folder.filePath(QStringLiteral("redis.sock"));
}

QString RedisServer::url() const
{
    return m_port > 0 ? QStringLiteral("redis://127.0.0.1:%1/0").arg(m_port)
                      : QStringLiteral("unix://") + socketPath();
}

QString RedisServer::log() const
{
    return m_process->log();
}

} // namespace gatehouse::services

// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/postgres_server.h"

#include <QFile>
#include <QFileInfo>
#include <QUrl>

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

namespace gatehouse::services {
namespace {

QString findTool(const QString &name)
{
    return findProgram(name, QStringLiteral("/usr/lib/postgresql"), QStringLiteral("bin"));
}

/// PostgreSQL refuses to run as root.
const passwd *otherUser()
{
    return geteuid() == 0 ? getpwnam("postgres") : nullptr;
}

ServerProcess::Options asServer(const QString &program, const QStringList &arguments, const QString &logFile)
{
    ServerProcess::Options options{.program = program, .arguments = arguments, .logFile = logFile};
    options.deathSignal = SIGQUIT; // Ends its children as well.
    if (const passwd *user = otherUser()) {
        options.user = user->pw_uid;
        options.group = user->pw_gid;
    }
    return options;
}

QStringList serverArguments(const QString &data, const QString &sockets, int port)
{
    QStringList arguments{QStringLiteral("-D"), data,
                          QStringLiteral("-k"), sockets,
                          QStringLiteral("-h"), port > 0 ? QStringLiteral("127.0.0.1") : QString()};
    for (const char *setting :
         {"fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40", "autovacuum=off",
          "max_wal_senders=0", "wal_level=minimal", "max_wal_size=128MB"})
        arguments << QStringLiteral("-c") << QLatin1String(setting);
    if (port > 0)
        arguments << QStringLiteral("-p") << QString::number(port);
    return arguments;
}

} // namespace

PostgresServer::PostgresServer(Listen listen)
    : m_port(listen == Listen::UnixSocketAndTcp ? freePort() : 0)
{
    if (const passwd *user = otherUser())
        (void)!::chown(QFile::encodeName(m_folder.path()).constData(), user->pw_uid, user->pw_gid);
    m_process = std::make_unique<ServerProcess>(
        asServer(findTool(QStringLiteral("postgres")), serverArguments(dataFolder(), m_folder.path(), m_port),
                 m_folder.filePath(QStringLiteral("postgres.log"))));
}

PostgresServer::~PostgresServer()
{
    m_process->end(SIGQUIT);
}

QString PostgresServer::whyMissing()
{
    if (findTool(QStringLiteral("postgres")).isEmpty() || findTool(QStringLiteral("initdb")).isEmpty())
        return QStringLiteral("PostgreSQL's server is not installed");
    if (geteuid() == 0 && !otherUser())
        return QStringLiteral("PostgreSQL does not run as root, and there is no user 'postgres'");
    return {};
}

bool PostgresServer::start()
{
    if (isRunning())
        return true;
    const bool isUp = (m_hasData || makeData()) && m_process->start([this] { return isReady(); });
    if (!isUp)
        qWarning("%s", qUtf8Printable(log()));
    return isUp;
}

bool PostgresServer::makeData()
{
    const QString passwordFile = m_folder.filePath(QStringLiteral("password"));
    QFile file(passwordFile);
    if (!file.open(QIODevice::WriteOnly) || file.write(password().toUtf8()) < 0 || !file.flush())
        return false;
    if (const passwd *user = otherUser())
        (void)!::fchown(file.handle(), user->pw_uid, user->pw_gid);
    m_hasData = runTool(QStringLiteral("initdb"),
                        {QStringLiteral("-D"), dataFolder(), QStringLiteral("-U"),
                         QStringLiteral("gatehouse"), QStringLiteral("--pwfile"), passwordFile,
                         QStringLiteral("-A"), QStringLiteral("scram-sha-256"), QStringLiteral("--no-sync"),
                         QStringLiteral("-E"), QStringLiteral("UTF8"), QStringLiteral("--locale=C")});
    return m_hasData;
}

bool PostgresServer::runTool(const QString &name, const QStringList &arguments)
{
    ServerProcess tool(asServer(findTool(name), arguments, m_folder.filePath(QStringLiteral("tools.log"))));
    const bool isDone = tool.runToEnd();
    if (!isDone)
        qWarning("%s", qUtf8Printable(tool.log()));
    return isDone;
}

/// postmaster.pid tells in its eighth line; after a crash it may still be that of the last one.
bool PostgresServer::isReady() const
{
    QFile file(dataFolder() + QStringLiteral("/postmaster.pid"));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QList<QByteArray> lines = file.readAll().split('\n');
    return lines.value(0).toLongLong() == m_process->id() && lines.value(7).trimmed() == "ready";
}

void PostgresServer::stop()
{
    m_process->end(SIGINT); // PostgreSQL's "fast shutdown".
}

void PostgresServer::kill()
{
    m_process->end(SIGQUIT); // "Immediate shutdown": as a crash, but nobody lingers.
}

QString PostgresServer::makeDatabase()
{
    const QString name = QStringLiteral("test%1").arg(++m_databases);
    const auto encoded = [](const QString &text) {
        return QString::fromLatin1(QUrl::toPercentEncoding(text));
    };
    const QString server = QStringLiteral("postgresql://gatehouse:") + encoded(password()) + u'@' +
                           encoded(m_folder.path()) + u':' + QString::number(m_port > 0 ? m_port : 5432) +
                           u'/';
    const bool isMade = runTool(QStringLiteral("psql"), {QStringLiteral("-qX"), QStringLiteral("-c"),
                                                         QStringLiteral("CREATE DATABASE ") + name,
                                                         server + QStringLiteral("postgres")});
    return isMade ? server + name : QString();
}

QString PostgresServer::overTcp(const QString &url) const
{
    return QString(url).replace(QString::fromLatin1(QUrl::toPercentEncoding(m_folder.path())),
                                QStringLiteral("127.0.0.1"));
}

QString PostgresServer::password()
{
    return QStringLiteral("pass: w/rd'\\@%");
}

QString PostgresServer::log() const
{
    return m_process->log();
}

QString PostgresServer::dataFolder() const
{
    return m_folder.filePath(QStringLiteral("data"));
}

} // namespace gatehouse::services

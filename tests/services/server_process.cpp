// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/server_process.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTest>

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace gatehouse::services {
namespace {

constexpr int patienceMs = 30'000;

/// In the child, between fork and exec. The death signal comes last: a change of user clears it.
void becomeServer(const ServerProcess::Options &options)
{
    if (options.group && (setgroups(0, nullptr) != 0 || setgid(*options.group) != 0))
        _exit(126);
    if (options.user && setuid(*options.user) != 0)
        _exit(126);
    if (options.deathSignal != 0)
        prctl(PR_SET_PDEATHSIG, options.deathSignal);
}

} // namespace

ServerProcess::ServerProcess(Options options)
    : m_options(std::move(options))
{}

ServerProcess::~ServerProcess()
{
    end(SIGKILL);
}

void ServerProcess::launch()
{
    m_process = std::make_unique<QProcess>();
    m_process->setProgram(m_options.program);
    m_process->setArguments(m_options.arguments);
    m_process->setWorkingDirectory(QStringLiteral("/"));
    m_process->setStandardInputFile(QProcess::nullDevice());
    m_process->setProcessChannelMode(QProcess::MergedChannels);
    m_process->setStandardOutputFile(m_options.logFile, QIODevice::Append);
    m_process->setChildProcessModifier([this] { becomeServer(m_options); });
    m_process->start();
    m_process->waitForStarted(patienceMs);
}

bool ServerProcess::start(const std::function<bool()> &isReady)
{
    const QDeadlineTimer deadline(patienceMs);
    while (!deadline.hasExpired()) {
        launch();
        const auto isDecided = [&] {
            return !isRunning() || isReady();
        };
        if (QTest::qWaitFor(isDecided, static_cast<int>(deadline.remainingTime())) && isRunning())
            return true;
        if (isRunning())
            break;
        QTest::qWait(50); // Until what the last one left behind is gone.
    }
    return false;
}

bool ServerProcess::runToEnd()
{
    launch();
    return m_process->waitForFinished(patienceMs) && m_process->exitStatus() == QProcess::NormalExit &&
           m_process->exitCode() == 0;
}

void ServerProcess::sendSignal(int signal)
{
    if (isRunning())
        ::kill(static_cast<pid_t>(m_process->processId()), signal);
}

void ServerProcess::end(int signal)
{
    if (!isRunning())
        return;
    sendSignal(signal);
    if (!m_process->waitForFinished(patienceMs)) {
        m_process->kill();
        m_process->waitForFinished(patienceMs);
    }
}

bool ServerProcess::isRunning() const
{
    return m_process && m_process->state() == QProcess::Running;
}

QString ServerProcess::log() const
{
    QFile file(m_options.logFile);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QString findProgram(const QString &name, const QString &parent, const QString &inside)
{
    const QString inPath = QStandardPaths::findExecutable(name);
    if (!inPath.isEmpty() || parent.isEmpty())
        return inPath;
    const QDir folder(parent);
    const QStringList versions =
        folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name | QDir::Reversed);
    for (const QString &version : versions) {
        const QString found =
            QStandardPaths::findExecutable(name, {folder.filePath(version + u'/' + inside)});
        if (!found.isEmpty())
            return found;
    }
    return {};
}

int freePort()
{
    QTcpServer server;
    return server.listen(QHostAddress::LocalHost) ? server.serverPort() : 0;
}

} // namespace gatehouse::services

// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatehouse_process.h"

#include <QFile>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTest>

#include <unistd.h>

#include <csignal>

GatehouseProcess::GatehouseProcess(const QStringList &environment, const QStringList &arguments,
                                   const QHash<QString, QByteArray> &files)
    : m_arguments(QStringList{QStringLiteral("serve")} + arguments)
{
    if (!arguments.contains(QStringLiteral("--port")))
        m_arguments << QStringLiteral("--port") << QStringLiteral("0");
    QProcessEnvironment clean;
    for (const char *name :
         {"PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        if (qEnvironmentVariableIsSet(name))
            clean.insert(QString::fromLatin1(name), qEnvironmentVariable(name));
    }
    for (const char *name : {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
        clean.insert(QString::fromLatin1(name), m_home.path());
    clean.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    for (const QString &entry : environment)
        clean.insert(entry.section(u'=', 0, 0), entry.section(u'=', 1));
    m_process.setProcessEnvironment(clean);
    m_process.setWorkingDirectory(m_home.path());
    for (auto it = files.begin(); it != files.end(); ++it) {
        QFile file(m_home.filePath(it.key()));
        if (file.open(QIODevice::WriteOnly))
            file.write(it.value());
    }
}

GatehouseProcess::~GatehouseProcess()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.terminate();
    if (!m_process.waitForFinished(5000)) {
        m_process.kill();
        m_process.waitForFinished();
    }
}

GatehouseProcess::Ran GatehouseProcess::run(const QStringList &arguments, const QByteArray &input) const
{
    QProcess process;
    process.setProcessEnvironment(m_process.processEnvironment());
    process.setWorkingDirectory(m_home.path());
    process.start(QStringLiteral(GATEHOUSE_PROGRAM), arguments);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(20'000))
        return {};
    return {.exitCode = process.exitCode(),
            .out = process.readAllStandardOutput(),
            .err = process.readAllStandardError()};
}

QByteArray GatehouseProcess::makeAdminKey() const
{
    return run({QStringLiteral("key"), QStringLiteral("add"), QStringLiteral("--admin"),
                QStringLiteral("--name"), QStringLiteral("admin of the test")})
        .out.trimmed();
}

void GatehouseProcess::kill()
{
    m_process.kill();
    m_process.waitForFinished();
}

bool GatehouseProcess::start()
{
    m_process.start(QStringLiteral(GATEHOUSE_PROGRAM), m_arguments);
    m_output.clear();
    while (m_process.waitForReadyRead(10'000)) {
        m_output += m_process.readAllStandardOutput();
        static const QRegularExpression ready(QStringLiteral("^gatehouse ready on (http\\S+)\n"),
                                              QRegularExpression::MultilineOption);
        const auto match = ready.match(QString::fromUtf8(m_output));
        if (match.hasMatch()) {
            m_url = QUrl(match.captured(1));
            return true;
        }
    }
    return false;
}

QString GatehouseProcess::why()
{
    readLog();
    return QString::fromUtf8(m_log);
}

qint64 GatehouseProcess::residentBytes() const
{
    QFile statm(QStringLiteral("/proc/%1/statm").arg(m_process.processId()));
    if (!statm.open(QIODevice::ReadOnly))
        return -1;
    return statm.readAll().split(' ').at(1).toLongLong() * sysconf(_SC_PAGESIZE);
}

QList<QJsonObject> GatehouseProcess::requestLines(const QString &endpoint)
{
    readLog();
    QList<QJsonObject> lines;
    for (const QByteArray &line : m_log.split('\n')) {
        const QJsonObject object = QJsonDocument::fromJson(line).object();
        if (object[u"event"].toString() == u"request" && object[u"endpoint"].toString() == endpoint)
            lines.append(object);
    }
    return lines;
}

bool GatehouseProcess::waitForRequestLines(const QString &endpoint, int count)
{
    return QTest::qWaitFor([&] { return requestLines(endpoint).size() >= count; }, 10'000);
}

void GatehouseProcess::signal(int number) const
{
    ::kill(static_cast<pid_t>(m_process.processId()), number);
}

void GatehouseProcess::readLog()
{
    m_log += m_process.readAllStandardError();
}

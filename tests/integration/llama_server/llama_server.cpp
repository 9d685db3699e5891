// SPDX-License-Identifier: GPL-3.0-or-later
#include "llama_server.h"

#include "integration/program/raw_client.h"

#include <QElapsedTimer>
#include <QTcpServer>

namespace gatehouse::test {

namespace {

quint16 freePort()
{
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    return server.serverPort();
}

} // namespace

LlamaServer::LlamaServer(QStringList arguments)
    : m_arguments(std::move(arguments))
{
    m_process.setProcessChannelMode(QProcess::MergedChannels);
}

LlamaServer::~LlamaServer()
{
    kill();
}

// It can't pick a port by itself, and one that was free just now may be taken.
bool LlamaServer::start()
{
    constexpr int attempts = 5;
    if (m_port != 0)
        return startOnPort();
    for (int i = 0; i < attempts; ++i) {
        m_port = freePort();
        if (startOnPort())
            return true;
    }
    return false;
}

bool LlamaServer::startOnPort()
{
    constexpr qint64 patience = 60'000;
    m_process.start(
        QStringLiteral(LLAMA_SERVER_PROGRAM),
        QStringList{QStringLiteral("--model"), QStringLiteral(DEMO_MODEL_FILE), QStringLiteral("--host"),
                    QStringLiteral("127.0.0.1"), QStringLiteral("--port"), QString::number(m_port),
                    QStringLiteral("--ctx-size"), QString::number(contextLength),
                    QStringLiteral("--parallel"), QStringLiteral("1"), QStringLiteral("--no-webui")} +
            m_arguments);
    QElapsedTimer timer;
    timer.start();
    while (m_process.state() != QProcess::NotRunning && timer.elapsed() < patience) {
        if (isHealthy())
            return true;
        m_process.waitForReadyRead(100);
    }
    return false;
}

bool LlamaServer::isHealthy() const
{
    RawClient client(m_port);
    client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    return client.readUntil("HTTP/1.1 200", 1000);
}

void LlamaServer::kill()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.kill();
    m_process.waitForFinished();
}

QUrl LlamaServer::url() const
{
    return QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(m_port));
}

} // namespace gatehouse::test

// SPDX-License-Identifier: GPL-3.0-or-later
// The private servers that other tests stand on.
#include "services/needs_server.h"
#include "services/postgres_server.h"
#include "services/redis_server.h"

#include <QLocalSocket>
#include <QTcpSocket>

using namespace gatehouse::services;

class TestServices : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void redisComesAndGoes();
    void redisListensOnTcp();
    void postgresComesAndGoes();
};

namespace {

bool pongs(QIODevice &device)
{
    device.write("PING\r\n");
    return device.waitForReadyRead(5000) && device.readAll() == "+PONG\r\n";
}

} // namespace

void TestServices::redisComesAndGoes()
{
    GATEHOUSE_NEEDS_SERVER(RedisServer);
    RedisServer server;
    QVERIFY(!server.isRunning());
    for (int i = 0; i < 3; ++i) {
        QVERIFY(server.start());
        QVERIFY(server.isRunning());
        QLocalSocket socket;
        socket.connectToServer(server.socketPath());
        QVERIFY(socket.waitForConnected(5000));
        QVERIFY(pongs(socket));
        if (i == 0)
            server.kill();
        else
            server.stop();
        QVERIFY(!server.isRunning());
        QVERIFY(socket.state() != QLocalSocket::ConnectedState || socket.waitForDisconnected(5000));
    }
}

void TestServices::redisListensOnTcp()
{
    GATEHOUSE_NEEDS_SERVER(RedisServer);
    RedisServer server(RedisServer::Listen::UnixSocketAndTcp);
    QVERIFY(server.start());
    QVERIFY(server.port() > 0);
    QCOMPARE(server.url(), QStringLiteral("redis://127.0.0.1:%1/0").arg(server.port()));
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), static_cast<quint16>(server.port()));
    QVERIFY(socket.waitForConnected(5000));
    QVERIFY(pongs(socket));
}

void TestServices::postgresComesAndGoes()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    PostgresServer server(PostgresServer::Listen::UnixSocketAndTcp);
    QVERIFY(!server.isRunning());
    for (int i = 0; i < 3; ++i) {
        QVERIFY(server.start());
        QVERIFY(!server.makeDatabase().isEmpty());
        if (i == 0)
            server.kill();
        else
            server.stop();
        QVERIFY(!server.isRunning());
    }
}

QTEST_GUILESS_MAIN(TestServices)
#include "tst_services.moc"

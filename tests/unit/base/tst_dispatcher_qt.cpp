// SPDX-License-Identifier: GPL-3.0-or-later
// Qt's own users of an event dispatcher, on this one.
#include "dispatcher_test.h"

#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QSslSocket>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QThread>
#include <QTimer>

#include <sys/resource.h>

#include <memory>

using namespace gatehouse;
using namespace gatehouse::test;

class TestDispatcherQt : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void process();
    void manyConnections();
    void largeTransferWithBackpressure();
    void tls();
    void worksInAThread();
};

namespace {

/// Sends back what it receives; ends of connection included.
void echoOn(QTcpServer &server)
{
    QObject::connect(&server, &QTcpServer::newConnection, &server, [&server] {
        while (QTcpSocket *socket = server.nextPendingConnection()) {
            QObject::connect(socket, &QTcpSocket::readyRead, socket,
                             [socket] { socket->write(socket->readAll()); });
            QObject::connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        }
    });
}

class TlsServer : public QTcpServer
{
public:
    QSslConfiguration configuration;

protected:
    void incomingConnection(qintptr descriptor) override
    {
        auto *socket = new QSslSocket(this);
        socket->setSslConfiguration(configuration);
        socket->setSocketDescriptor(descriptor);
        connect(socket, &QSslSocket::readyRead, socket, [socket] { socket->write(socket->readAll()); });
        socket->startServerEncryption();
    }
};

} // namespace

void TestDispatcherQt::process()
{
    QProcess cat;
    QSignalSpy finished(&cat, &QProcess::finished);
    cat.start(QStringLiteral("cat"), {});
    const QByteArray text(200'000, 'c');
    cat.write(text);
    QByteArray back;
    connect(&cat, &QProcess::readyRead, this, [&] {
        back += cat.readAll();
        if (back.size() == text.size())
            cat.closeWriteChannel();
    });
    QVERIFY(loopUntil([&] { return finished.count() == 1; }));
    QCOMPARE(back, text);
    QCOMPARE(cat.exitCode(), 0);
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherQt::manyConnections()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    constexpr int count = 1000;
    if (limit.rlim_cur < 2 * count + 100)
        QSKIP("not enough descriptors allowed");

    QTcpServer server;
    server.setListenBacklogSize(count);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    echoOn(server);
    std::vector<std::unique_ptr<QTcpSocket>> clients;
    int answered = 0;
    for (int i = 0; i < count; ++i) {
        clients.push_back(std::make_unique<QTcpSocket>());
        QTcpSocket *client = clients.back().get();
        const QByteArray text = "client " + QByteArray::number(i);
        connect(client, &QTcpSocket::connected, this, [client, text] { client->write(text); });
        connect(client, &QTcpSocket::readyRead, this, [client, text, &answered] {
            if (client->bytesAvailable() == text.size())
                answered += client->readAll() == text ? 1 : -10'000;
        });
        client->connectToHost(QHostAddress::LocalHost, server.serverPort());
    }
    QVERIFY(loopUntil([&] { return answered == count; }));
    QVERIFY(turnsWithin(50) <= idleTurns);

    // Half of them go; the others still work.
    clients.resize(count / 2);
    for (int i = 0; i < count / 2; ++i)
        clients[i]->write("client " + QByteArray::number(i));
    QVERIFY(loopUntil([&] { return answered == count + count / 2; }));
}

void TestDispatcherQt::largeTransferWithBackpressure()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    echoOn(server);
    QTcpSocket client;
    client.setReadBufferSize(16 * 1024); // Fills, so that Qt switches its notifier off and on.
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    const QByteArray text(8 << 20, 'z');
    client.write(text);
    qint64 received = 0;
    QTimer reader; // A reader in its own time.
    connect(&reader, &QTimer::timeout, this, [&] {
        for (int i = 0; i < 64 && client.bytesAvailable() > 0; ++i)
            received += client.read(16 * 1024).size();
    });
    reader.start(0);
    QVERIFY(loopUntil([&] { return received == text.size(); }));
}

void TestDispatcherQt::tls()
{
    const QString openssl = QStandardPaths::findExecutable(QStringLiteral("openssl"));
    if (openssl.isEmpty() || !QSslSocket::supportsSsl())
        QSKIP("needs the openssl tool and Qt's TLS backend");
    QTemporaryDir dir;
    const QString keyFile = dir.filePath(QStringLiteral("key.pem"));
    const QString certificateFile = dir.filePath(QStringLiteral("certificate.pem"));
    QProcess make;
    QSignalSpy made(&make, &QProcess::finished);
    make.start(openssl, {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
                         QStringLiteral("rsa:2048"), QStringLiteral("-nodes"), QStringLiteral("-days"),
                         QStringLiteral("2"), QStringLiteral("-subj"), QStringLiteral("/CN=localhost"),
                         QStringLiteral("-keyout"), keyFile, QStringLiteral("-out"), certificateFile});
    QVERIFY(loopUntil([&] { return made.count() == 1; }));
    QFile key(keyFile);
    QFile certificate(certificateFile);
    QVERIFY(key.open(QIODevice::ReadOnly) && certificate.open(QIODevice::ReadOnly));

    TlsServer server;
    server.configuration = QSslConfiguration::defaultConfiguration();
    server.configuration.setPrivateKey(QSslKey(key.readAll(), QSsl::Rsa));
    server.configuration.setLocalCertificate(QSslCertificate(certificate.readAll()));
    QVERIFY(server.listen(QHostAddress::LocalHost));

    constexpr int count = 10;
    std::vector<std::unique_ptr<QSslSocket>> clients;
    const QByteArray text(300'000, 't');
    std::array<qint64, count> received = {};
    for (int i = 0; i < count; ++i) {
        clients.push_back(std::make_unique<QSslSocket>());
        QSslSocket *client = clients.back().get();
        client->setPeerVerifyMode(QSslSocket::VerifyNone);
        connect(client, &QSslSocket::encrypted, this, [client, &text] { client->write(text); });
        connect(client, &QSslSocket::readyRead, this,
                [client, &received, i] { received[i] += client->readAll().size(); });
        client->connectToHostEncrypted(QStringLiteral("127.0.0.1"), server.serverPort());
    }
    QVERIFY(loopUntil([&] { return std::count(received.begin(), received.end(), text.size()) == count; }));
    QVERIFY(turnsWithin(30) <= idleTurns);
}

void TestDispatcherQt::worksInAThread()
{
    // A server in one loop and its clients in another, as lanes and their peers are.
    QThread lane;
    lane.setEventDispatcher(new EpollDispatcher);
    std::atomic<quint16> port = 0;
    connect(
        &lane, &QThread::started, &lane,
        [&] {
            auto *server = new QTcpServer;
            connect(
                &lane, &QThread::finished, server, [server] { delete server; }, Qt::DirectConnection);
            server->listen(QHostAddress::LocalHost);
            echoOn(*server);
            port = server->serverPort();
        },
        Qt::DirectConnection);
    lane.start();
    QTRY_VERIFY(port != 0);
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, port);
    int rounds = 0;
    connect(&client, &QTcpSocket::readyRead, this, [&] {
        client.readAll();
        if (++rounds < 2000)
            client.write("x");
    });
    client.write("x");
    QVERIFY(loopUntil([&] { return rounds == 2000; }));
    client.close();
    lane.quit();
    QVERIFY(lane.wait(5000));
}

GATEHOUSE_DISPATCHER_TEST_MAIN(TestDispatcherQt)
#include "tst_dispatcher_qt.moc"

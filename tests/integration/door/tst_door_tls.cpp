// SPDX-License-Identifier: GPL-3.0-or-later
// TLS at the door.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"
#include "integration/door/tls_files.h"
#include "integration/door/web_socket_client.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslSocket>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr int patience = 5000;

/// A blocking TLS client that trusts anybody.
class TlsClient
{
public:
    explicit TlsClient(quint16 port, QSsl::SslProtocol protocol = QSsl::SecureProtocols)
    {
        m_socket.setPeerVerifyMode(QSslSocket::VerifyNone);
        QSslConfiguration configuration = m_socket.sslConfiguration();
        configuration.setProtocol(protocol);
        configuration.setAllowedNextProtocols({"h2", QSslConfiguration::NextProtocolHttp1_1});
        m_socket.setSslConfiguration(configuration);
        m_socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), port);
        m_encrypted = m_socket.waitForEncrypted(patience);
    }

    [[nodiscard]] bool isEncrypted() const { return m_encrypted; }
    [[nodiscard]] QString serverName() const
    {
        return m_socket.peerCertificate().subjectInfo(QSslCertificate::CommonName).value(0);
    }
    [[nodiscard]] QByteArray application() const
    {
        return m_socket.sslConfiguration().nextNegotiatedProtocol();
    }
    void send(const QByteArray &bytes)
    {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(patience)) {
        }
    }
    void write(const QByteArray &bytes) { m_socket.write(bytes); }
    /// How much is read ahead of receive().
    void bound(qint64 size) { m_socket.setReadBufferSize(size); }
    /// All that comes until that does; for an empty `end`, what comes next.
    [[nodiscard]] QByteArray receive(const QByteArray &end)
    {
        QByteArray bytes;
        while ((bytes.isEmpty() || !bytes.contains(end)) &&
               (m_socket.bytesAvailable() > 0 || m_socket.waitForReadyRead(patience)))
            bytes += m_socket.readAll();
        return bytes;
    }
    [[nodiscard]] bool isClosed()
    {
        return m_socket.state() == QAbstractSocket::UnconnectedState ||
               m_socket.waitForDisconnected(patience);
    }
    [[nodiscard]] QAbstractSocket::SocketError error() const { return m_socket.error(); }

private:
    QSslSocket m_socket;
    bool m_encrypted = false;
};

} // namespace

class DoorTlsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void answers();
    void streamsAndKeepsAlive();
    void largeBodies();
    void closesProperly();
    void refusesTooLargeBody();
    void refusesOldProtocols();
    void refusesPlainText();
    void slowHandshakeIsCutOff();
    void tooManyConnections();
    void webSocketIsPausedAndGoesOn();
    void clientThatLeaves();
    void reloadsTheCertificate();
    void failedReloadKeepsTheOldOne();
    void doesNotStartWithoutAUsableIdentity();

private:
    [[nodiscard]] ServerSettings settings(const QString &name = QStringLiteral("one")) const;

    TlsFiles m_files;
};

void DoorTlsTest::initTestCase()
{
    if (!QSslSocket::supportsSsl())
        QSKIP("Qt finds no TLS library.");
    QVERIFY(m_files.make(QStringLiteral("one")));
    QVERIFY(m_files.make(QStringLiteral("two")));
}

ServerSettings DoorTlsTest::settings(const QString &name) const
{
    ServerSettings settings = RunningDoor::defaults();
    settings.tlsCertificateFile = m_files.certificate(name);
    settings.tlsKeyFile = m_files.key(name);
    return settings;
}

void DoorTlsTest::answers()
{
    RunningDoor door(settings());
    QCOMPARE(door.listenError(), QString());
    TlsClient client(door.port());
    QVERIFY(client.isEncrypted());
    QCOMPARE(client.serverName(), QStringLiteral("one"));
    QCOMPARE(client.application(), QByteArray("http/1.1"));
    client.send(get("/peer"));
    QVERIFY(client.receive("encrypted").endsWith("127.0.0.1 encrypted"));
}

void DoorTlsTest::streamsAndKeepsAlive()
{
    RunningDoor door(settings());
    TlsClient client(door.port());
    client.send(get("/stream/20") + get("/hello"));
    const QByteArray bytes = client.receive("hello\n");
    QCOMPARE(bytes.count("data: "), 20);
    QVERIFY(bytes.indexOf("0\r\n\r\nHTTP/1.1 200 OK") > bytes.indexOf("data: 19"));
    client.send(get("/hello"));
    QVERIFY(client.receive("hello\n").endsWith("hello\n"));
}

void DoorTlsTest::largeBodies()
{
    RunningDoor door(settings());
    TlsClient client(door.port());
    const QByteArray body(3'000'000, 'b');
    client.send(post("/echo", body + "the end"));
    QVERIFY(client.receive("the end").endsWith(body + "the end"));
    client.send(get("/flood/5000000"));
    QVERIFY(client.receive("\r\n0\r\n\r\n").size() > 5'000'000);
    QTRY_COMPARE(door.seen().finished, 2);
}

// With close_notify: a cut by somebody in between would look different.
void DoorTlsTest::closesProperly()
{
    RunningDoor door(settings());
    TlsClient client(door.port());
    client.send("GET /stream/3 HTTP/1.0\r\n\r\n");
    QVERIFY(client.receive("data: 2\n\n").endsWith("data: 2\n\n"));
    QVERIFY(client.isClosed());
    QCOMPARE(client.error(), QAbstractSocket::RemoteHostClosedError);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorTlsTest::refusesTooLargeBody()
{
    RunningDoor door(settings());
    TlsClient client(door.port());
    client.send("POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 20000000\r\n\r\n" +
                QByteArray(2'000'000, 'b'));
    QVERIFY(client.receive("}}").startsWith("HTTP/1.1 413 "));
    QVERIFY(client.isClosed());
}

void DoorTlsTest::refusesOldProtocols()
{
    QT_WARNING_PUSH
    QT_WARNING_DISABLE_DEPRECATED
    constexpr auto old = QSsl::TlsV1_1;
    QT_WARNING_POP
    RunningDoor door(settings());
    QVERIFY(!TlsClient(door.port(), old).isEncrypted());
    QVERIFY(TlsClient(door.port(), QSsl::TlsV1_2).isEncrypted());
    QVERIFY(TlsClient(door.port(), QSsl::TlsV1_3).isEncrypted());
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorTlsTest::refusesPlainText()
{
    RunningDoor door(settings());
    RawClient client(door.port());
    QVERIFY(client.send(get("/hello")));
    QVERIFY(!client.receiveAll().contains("HTTP"));
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(door.seen().served, 0);
}

void DoorTlsTest::slowHandshakeIsCutOff()
{
    ServerSettings quick = settings();
    quick.headTimeout = 100ms;
    RunningDoor door(quick);
    RawClient client(door.port());
    QVERIFY(client.send("\x16\x03\x01"));
    QVERIFY(client.isClosedWithin(2s));
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorTlsTest::tooManyConnections()
{
    ServerSettings few = settings();
    few.maxConnections = 1;
    RunningDoor door(few);
    TlsClient first(door.port());
    QVERIFY(first.isEncrypted());
    TlsClient second(door.port());
    QVERIFY(second.receive("}}").startsWith("HTTP/1.1 503 "));
    QVERIFY(second.isClosed());
}

// The client says everything before it listens: the door stops reading on the way, and loses nothing.
void DoorTlsTest::webSocketIsPausedAndGoesOn()
{
    RunningDoor door(settings());
    TlsClient client(door.port());
    client.send(handshake("/ws/echo"));
    QVERIFY(client.receive("\r\n\r\n").startsWith("HTTP/1.1 101"));
    constexpr qsizetype size = 16'000;
    constexpr qsizetype count = 240; // Of 3.8 MB in all, for the lane may get them in one piece.
    const QByteArray frame = encodeFrame({.opcode = textFrame, .payload = QByteArray(size, 'm')});
    qsizetype received = 0;
    client.bound(64 * 1024);
    client.write(frame.repeated(count));
    QTRY_VERIFY(door.seen().congested > 0);
    client.bound(0); // Qt's own TLS socket may leave bytes behind undecrypted as long as it has a bound.
    while (received < count * (size + 4)) {
        const QByteArray bytes = client.receive({});
        QVERIFY2(!bytes.isEmpty(), qPrintable(QString::number(received)));
        received += bytes.size();
    }
    QCOMPARE(received, count * (size + 4));
    client.write(encodeFrame({.opcode = closeFrame, .payload = QByteArray("\x03\xe8", 2)}));
    QVERIFY(client.isClosed());
    QTRY_COMPARE(door.seen().channels, 0);
}

void DoorTlsTest::clientThatLeaves()
{
    RunningDoor door(settings());
    {
        TlsClient client(door.port());
        client.send(get("/never"));
        QTRY_COMPARE(door.seen().served, 1);
    }
    QTRY_COMPARE(door.seen().gone, 1);
    QTRY_COMPARE(door.seen().alive, 0);
}

void DoorTlsTest::reloadsTheCertificate()
{
    RunningDoor door(settings());
    TlsClient before(door.port());
    QCOMPARE(before.serverName(), QStringLiteral("one"));
    QVERIFY(door.reloadTls(settings(QStringLiteral("two"))).has_value());
    TlsClient after(door.port());
    QCOMPARE(after.serverName(), QStringLiteral("two"));
    before.send(get("/hello"));
    QVERIFY(before.receive("hello\n").endsWith("hello\n"));
}

void DoorTlsTest::failedReloadKeepsTheOldOne()
{
    RunningDoor door(settings());
    ServerSettings mixed = settings();
    mixed.tlsKeyFile = m_files.key(QStringLiteral("two"));
    const auto mismatch = door.reloadTls(mixed);
    QVERIFY(!mismatch);
    QVERIFY2(mismatch.error().message.contains(mixed.tlsKeyFile), qPrintable(mismatch.error().message));
    QVERIFY(!door.reloadTls(settings(QStringLiteral("none"))));
    mixed.tlsKeyFile = m_files.certificate(QStringLiteral("one"));
    QVERIFY(!door.reloadTls(mixed));
    TlsClient client(door.port());
    QCOMPARE(client.serverName(), QStringLiteral("one"));
}

void DoorTlsTest::doesNotStartWithoutAUsableIdentity()
{
    RunningDoor door(settings(QStringLiteral("none")));
    QCOMPARE(door.port(), 0);
    QVERIFY(door.listenError().contains(QStringLiteral("none.pem")));
}

QTEST_GUILESS_MAIN(DoorTlsTest)
#include "tst_door_tls.moc"

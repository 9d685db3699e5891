// SPDX-License-Identifier: GPL-3.0-or-later
// How long a connection lives and in what order it answers.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QElapsedTimer>
#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorConnectionTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keepsAlive();
    void closesWhenAsked();
    void http10();
    void http10KeepAlive();
    void http10StreamEndsByClosing();
    void pipelinedAnswersKeepTheirOrder();
    void pipelinedBehindAStream();
    void manyPipelinedAtOnce();
    void pipelinedBodyBehindARunningAnswer();
    void requestInPieces();
    void continueIsAnsweredOnce();
    void continueIsNotSaidToWhoSendsAlready();
    void largeBody();
    void lingersForWhoIsStillSending();
    void finalRequestWithFin();
    void peerAddress();
    void ipv6AndNames();
    void listenFailsWithAReason();
};

void DoorConnectionTest::keepsAlive()
{
    RunningDoor door;
    RawClient client(door.port());
    for (int i = 0; i < 50; ++i) {
        QVERIFY(client.send(get("/hello")));
        const Answer answer = client.receive();
        QCOMPARE(answer.body, QByteArray("hello\n"));
        QCOMPARE(answer.field("connection"), QByteArray("keep-alive"));
    }
    QCOMPARE(door.counters().acceptedConnections, 1);
    QCOMPARE(door.counters().activeConnections, 1);
    client.close();
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorConnectionTest::closesWhenAsked()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/hello", "Connection: close\r\n") + get("/hello")));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 200);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY(client.isClosedWithin(1s));
    QVERIFY(!client.wasReset());
    QCOMPARE(door.seen().served, 1);
    client.close();
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorConnectionTest::http10()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("GET /hello HTTP/1.0\r\n\r\n"));
    const Answer answer = client.receive();
    QCOMPARE(answer.body, QByteArray("hello\n"));
    QCOMPARE(answer.field("content-length"), QByteArray("6"));
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY(client.isClosedWithin(1s));
}

void DoorConnectionTest::http10KeepAlive()
{
    RunningDoor door;
    RawClient client(door.port());
    for (int i = 0; i < 3; ++i) {
        QVERIFY(client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        const Answer answer = client.receive();
        QCOMPARE(answer.body, QByteArray("hello\n"));
        QCOMPARE(answer.field("connection"), QByteArray("keep-alive"));
    }
}

void DoorConnectionTest::http10StreamEndsByClosing()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("GET /stream/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const Answer answer = client.receive();
    QVERIFY(!answer.headers.contains("transfer-encoding"));
    QVERIFY(!answer.headers.contains("content-length"));
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QCOMPARE(answer.body, QByteArray("data: 0\n\ndata: 1\n\ndata: 2\n\n"));
    QVERIFY(answer.complete);
}

void DoorConnectionTest::pipelinedAnswersKeepTheirOrder()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/delayed/60") + get("/hello") + get("/delayed/20") + get("/named/last")));
    QCOMPARE(client.receive().body, QByteArray("late\n"));
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(client.receive().body, QByteArray("late\n"));
    QCOMPARE(client.receive().body, QByteArray("/named/{name...} last "));
}

// Qt 6.4's QHttpServer writes the second answer into the middle of the first.
void DoorConnectionTest::pipelinedBehindAStream()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/stream/20") + get("/hello") + get("/stream/2")));
    const Answer stream = client.receive();
    QCOMPARE(stream.field("transfer-encoding"), QByteArray("chunked"));
    QVERIFY(stream.complete);
    QCOMPARE(stream.body.count("data: "), 20);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(client.receive().body, QByteArray("data: 0\n\ndata: 1\n\n"));
    const QByteArrayList expected{"GET /stream/20", "GET /hello", "GET /stream/2"};
    QCOMPARE(door.seen().lines(), expected);
}

void DoorConnectionTest::manyPipelinedAtOnce()
{
    constexpr int count = 3000; // More than fits into what the door holds at a time.
    RunningDoor door;
    RawClient client(door.port());
    std::thread sender([&] {
        for (int i = 0; i < count; ++i)
            client.send(get("/named/" + QByteArray::number(i)));
    });
    for (int i = 0; i < count; ++i)
        QCOMPARE(client.receive().body, "/named/{name...} " + QByteArray::number(i) + ' ');
    sender.join();
}

// More comes behind a running answer than the door holds: it waits in the client, nothing is lost.
void DoorConnectionTest::pipelinedBodyBehindARunningAnswer()
{
    RunningDoor door;
    RawClient client(door.port());
    const QByteArray body(8 * 1024 * 1024, 'p');
    std::thread sender([&] { client.send(get("/delayed/200") + post("/echo", body) + get("/hello")); });
    QCOMPARE(client.receive().body, QByteArray("late\n"));
    QCOMPARE(client.receive().body.size(), body.size());
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    sender.join();
}

void DoorConnectionTest::requestInPieces()
{
    RunningDoor door;
    const QByteArray bytes = post("/echo", "body") +
                             "POST /echo HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             "4\r\nbody\r\n0\r\nX: a\r\n\r\n" + get("/hello");
    for (const qsizetype size : {1, 2, 3, 7, 60}) {
        RawClient client(door.port());
        for (qsizetype i = 0; i < bytes.size(); i += size)
            QVERIFY(client.send(bytes.mid(i, size)));
        QCOMPARE(client.receive().body, QByteArray("body"));
        QCOMPARE(client.receive().body, QByteArray("body"));
        QCOMPARE(client.receive().body, QByteArray("hello\n"));
    }
}

void DoorConnectionTest::continueIsAnsweredOnce()
{
    RunningDoor door;
    RawClient client(door.port());
    for (int i = 0; i < 2; ++i) {
        QVERIFY(client.send(
            "POST /echo HTTP/1.1\r\nHost: door\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n"));
        QCOMPARE(client.receiveBytes(1s, 25), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
        QVERIFY(client.send("bo"));
        QCOMPARE(client.receiveBytes(30ms), QByteArray());
        QVERIFY(client.send("dy"));
        const Answer answer = client.receive();
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.body, QByteArray("body"));
    }
}

void DoorConnectionTest::continueIsNotSaidToWhoSendsAlready()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(post("/echo", "body", "Expect: 100-continue\r\n") +
                        get("/hello", "Expect: 100-continue\r\n")));
    QCOMPARE(client.receive().status, 200);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

void DoorConnectionTest::largeBody()
{
    RunningDoor door;
    RawClient client(door.port());
    QByteArray body;
    while (body.size() < 16 * 1024 * 1024)
        body += QByteArray::number(body.size()) + ' ';
    body.truncate(16 * 1024 * 1024);
    std::thread sender([&] { client.send(post("/echo", body)); });
    const Answer answer = client.receive();
    sender.join();
    QCOMPARE(answer.status, 200);
    QVERIFY(answer.body == body);
}

// Closing at once would answer the rest of the body with a reset, and the 413 would be lost.
void DoorConnectionTest::lingersForWhoIsStillSending()
{
    RunningDoor door;
    for (int i = 0; i < 5; ++i) {
        RawClient client(door.port());
        const QByteArray body(24 * 1024 * 1024, 'b');
        QVERIFY(client.send(post("/echo", body)));
        QCOMPARE(client.receive().status, 413);
        QCOMPARE(client.receiveAll(), QByteArray());
        QVERIFY(!client.wasReset());
        client.close();
        QTRY_COMPARE(door.counters().activeConnections, 0);
    }
}

// As `printf … | nc -N` does. A FIN counts as the client's leaving, but an answer that is given at once is
// out before it is looked at.
void DoorConnectionTest::finalRequestWithFin()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/hello")));
    client.shutdownWrite();
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

void DoorConnectionTest::peerAddress()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.host = QStringLiteral("::");
    RunningDoor door(settings);
    RawClient v4(door.port());
    QVERIFY(v4.isConnected());
    QVERIFY(v4.send(get("/peer")));
    QCOMPARE(v4.receive().body, QByteArray("127.0.0.1 plain"));
    RawClient v6(door.port(), "::1");
    if (!v6.isConnected())
        QSKIP("No IPv6 here.");
    QVERIFY(v6.send(get("/peer")));
    QCOMPARE(v6.receive().body, QByteArray("::1 plain"));
}

void DoorConnectionTest::ipv6AndNames()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.host = QStringLiteral("localhost");
    RunningDoor named(settings);
    QCOMPARE(named.listenError(), QString());
    QVERIFY(named.port() != 0);
    settings.host = QStringLiteral("[::1]");
    RunningDoor v6(settings);
    if (v6.port() == 0)
        QSKIP("No IPv6 here.");
    RawClient client(v6.port(), "::1");
    QVERIFY(client.send(get("/hello")));
    QCOMPARE(client.receive().status, 200);
}

void DoorConnectionTest::listenFailsWithAReason()
{
    RunningDoor door;
    ServerSettings settings = RunningDoor::defaults();
    settings.port = door.port();
    RunningDoor second(settings);
    QCOMPARE(second.port(), 0);
    QVERIFY2(second.listenError().contains(QString::number(door.port())), qPrintable(second.listenError()));
    settings.host = QStringLiteral("no.such.host.invalid");
    RunningDoor third(settings);
    QVERIFY(third.listenError().contains(settings.host));
}

QTEST_GUILESS_MAIN(DoorConnectionTest)
#include "tst_door_connection.moc"

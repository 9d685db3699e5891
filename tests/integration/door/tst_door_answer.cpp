// SPDX-License-Identifier: GPL-3.0-or-later
// The form of answers: HEAD, statuses without a body, and the fields that the door adds.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorAnswerTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void headHasTheLengthOfGet();
    void headOfAStreamEndsIt();
    void headOfARefusal();
    void statusesWithoutBody();
    void fieldsOfTheDoor();
    void requestIdOfTheClient_data();
    void requestIdOfTheClient();
    void handlerCantSetWhatIsTheDoors();
    void abortIsSeenAsAnAbort_data();
    void abortIsSeenAsAnAbort();
    void webSocketPathWithoutUpgrade();
    void finishedTellsTheBodysLength();
};

void DoorAnswerTest::headHasTheLengthOfGet()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("HEAD /hello HTTP/1.1\r\nHost: door\r\n\r\n" + get("/hello")));
    const Answer head = client.receive(true);
    QCOMPARE(head.status, 200);
    QCOMPARE(head.field("content-length"), QByteArray("6"));
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(door.seen().lines().constFirst(), QByteArray("HEAD /hello"));
}

// Nothing of the body will ever be sent, so whatever would produce it is ended.
void DoorAnswerTest::headOfAStreamEndsIt()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("HEAD /flood/1000000000000 HTTP/1.1\r\nHost: door\r\n\r\n" + get("/hello")));
    const Answer head = client.receive(true);
    QCOMPARE(head.status, 200);
    QCOMPARE(head.field("transfer-encoding"), QByteArray("chunked"));
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QTRY_COMPARE(door.seen().alive, 0);
}

void DoorAnswerTest::headOfARefusal()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("HEAD /nowhere HTTP/1.1\r\nHost: door\r\n\r\n" + get("/hello")));
    const Answer head = client.receive(true);
    QCOMPARE(head.status, 404);
    QVERIFY(head.field("content-length").toInt() > 0);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

void DoorAnswerTest::statusesWithoutBody()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/no-content") + get("/not-modified") + get("/hello")));
    const Answer noContent = client.receive();
    QCOMPARE(noContent.status, 204);
    QVERIFY(!noContent.headers.contains("content-length"));
    const Answer notModified = client.receive();
    QCOMPARE(notModified.status, 304);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

void DoorAnswerTest::fieldsOfTheDoor()
{
    RunningDoor door;
    RawClient client(door.port());
    for (const QByteArray path : {"/hello", "/stream/1", "/no-content", "/nowhere"}) {
        QVERIFY(client.send(get(path)));
        const Answer answer = client.receive();
        QVERIFY(answer.complete);
        QVERIFY(answer.field("date").endsWith(" GMT"));
        QCOMPARE(answer.field("connection"), QByteArray("keep-alive"));
        QVERIFY(answer.field("x-request-id").startsWith("req_"));
        QCOMPARE(answer.field("x-content-type-options"), QByteArray("nosniff"));
        QVERIFY(!answer.headers.contains("server"));
    }
}

void DoorAnswerTest::requestIdOfTheClient_data()
{
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<bool>("sane");
    QTest::newRow("plain") << QByteArray("abc-123_XYZ.7") << true;
    QTest::newRow("too long") << QByteArray(200, 'a') << false;
    QTest::newRow("spaces") << QByteArray("a b") << false;
    QTest::newRow("quote") << QByteArray("a\"b") << false;
    QTest::newRow("empty") << QByteArray() << false;
}

void DoorAnswerTest::requestIdOfTheClient()
{
    QFETCH(QByteArray, id);
    QFETCH(bool, sane);
    RunningDoor door;
    RawClient client(door.port());
    for (const QByteArray path : {"/hello", "/nowhere"}) {
        QVERIFY(client.send(get(path, "X-Request-Id: " + id + "\r\n")));
        const QByteArray answered = client.receive().field("x-request-id");
        if (sane)
            QCOMPARE(answered, id);
        else
            QVERIFY(answered.startsWith("req_"));
    }
}

void DoorAnswerTest::handlerCantSetWhatIsTheDoors()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(
        post("/echo", "body", "Content-Type: text/x\r\n"))); // Its handler sets Content-Length: 7.
    const Answer answer = client.receive();
    QCOMPARE(answer.headers.values("content-length"), QList<QByteArray>{"4"});
    QCOMPARE(answer.field("x-content-type"), QByteArray("text/x"));
    QCOMPARE(answer.body, QByteArray("body"));
}

void DoorAnswerTest::abortIsSeenAsAnAbort_data()
{
    QTest::addColumn<QByteArray>("version");
    QTest::newRow("chunked") << QByteArray("1.1");
    QTest::newRow("until close") << QByteArray("1.0");
}

void DoorAnswerTest::abortIsSeenAsAnAbort()
{
    QFETCH(QByteArray, version);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("GET /abort HTTP/" + version + "\r\nHost: door\r\n\r\n"));
    const Answer answer = client.receive();
    QVERIFY(!answer.complete);
    QTRY_COMPARE(door.seen().alive, 0);
    QCOMPARE(door.seen().gone, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorAnswerTest::webSocketPathWithoutUpgrade()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/ws/echo") + get("/hello")));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 426);
    QCOMPARE(answer.field("upgrade"), QByteArray("websocket"));
    QCOMPARE(client.receive().status, 200);
}

void DoorAnswerTest::finishedTellsTheBodysLength()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/hello")));
    QCOMPARE(client.receive().status, 200);
    QTRY_COMPARE(door.seen().finished, 1);
    QCOMPARE(door.seen().finishedBytes, 6);
    QVERIFY(client.send(get("/bulk/3000000")));
    QCOMPARE(client.receive().body.size(), 3000000);
    QTRY_COMPARE(door.seen().finished, 2);
    QCOMPARE(door.seen().finishedBytes, 3000006);
    QVERIFY(client.send("HEAD /hello HTTP/1.1\r\nHost: door\r\n\r\n"));
    QCOMPARE(client.receive(true).status, 200);
    QTRY_COMPARE(door.seen().finished, 3);
    QCOMPARE(door.seen().finishedBytes, 3000006);
    QTRY_COMPARE(door.seen().alive, 0);
}

QTEST_GUILESS_MAIN(DoorAnswerTest)
#include "tst_door_answer.moc"

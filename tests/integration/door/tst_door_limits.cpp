// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the contract's table of bad input that are the door's: sizes, timeouts, unknown paths.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const QByteArray hidden = get("/named/hidden");

ServerSettings smallLimits()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.maxBodyBytes = 1000;
    settings.headTimeout = 150ms;
    settings.bodyTimeout = 150ms;
    settings.idleTimeout = 150ms;
    return settings;
}

} // namespace

class DoorLimitsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void unknownPath();
    void wrongMethod();
    void tooLarge_data();
    void tooLarge();
    void largestThatFits();
    void slowHead();
    void slowHeadDripping();
    void stalledBody_data();
    void stalledBody();
    void slowBodyThatKeepsComing();
    void idleConnectionIsClosedSilently();
    void everyRefusalIsAWholeAnswer();
};

void DoorLimitsTest::unknownPath()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/nowhere") + post("/nowhere", "body") + get("/hello")));
    const Answer first = client.receive();
    QCOMPARE(first.status, 404);
    QCOMPARE(first.field("connection"), QByteArray("keep-alive"));
    QVERIFY(first.body.contains("/nowhere"));
    QCOMPARE(client.receive().status, 404);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(door.seen().refused, 2);
}

void DoorLimitsTest::wrongMethod()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send("DELETE /hello HTTP/1.1\r\nHost: door\r\n\r\n" + get("/echo") + get("/hello")));
    const Answer first = client.receive();
    QCOMPARE(first.status, 405);
    QCOMPARE(first.field("allow"), QByteArray("GET, HEAD"));
    const Answer second = client.receive();
    QCOMPARE(second.status, 405);
    QCOMPARE(second.field("allow"), QByteArray("POST"));
    QCOMPARE(client.receive().status, 200);
}

void DoorLimitsTest::tooLarge_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    const QByteArray start = "POST /echo HTTP/1.1\r\nHost: door\r\n";
    QTest::newRow("announced body") << start + "Content-Length: 1001\r\n\r\n" << 413;
    QTest::newRow("announced body that comes") << post("/echo", QByteArray(1001, 'b')) << 413;
    QTest::newRow("huge announced body") << start + "Content-Length: 9000000000000000000\r\n\r\n" << 413;
    QTest::newRow("expected body") << start + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n" << 413;
    QTest::newRow("one chunk") << start + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" << 413;
    QTest::newRow("several chunks") << start + "Transfer-Encoding: chunked\r\n\r\n3e0\r\n" +
                                           QByteArray(0x3e0, 'c') + "\r\n9\r\n"
                                    << 413;
    QTest::newRow("target") << get("/hello?" + QByteArray(8 * 1024, 'q')) << 414;
    QTest::newRow("endless target") << "GET /" + QByteArray(70 * 1024, 'q') << 414;
    QTest::newRow("one field") << get("/hello", "X-A: " + QByteArray(64 * 1024, 'a') + "\r\n") << 431;
    QTest::newRow("endless field") << "GET /hello HTTP/1.1\r\nX-A: " + QByteArray(80 * 1024, 'a') << 431;
    QByteArray fields;
    for (int i = 0; i < 90; ++i)
        fields += "X-Filler-" + QByteArray::number(i) + ": " + QByteArray(800, 'f') + "\r\n";
    QTest::newRow("many fields") << get("/hello", fields) << 431;
    QTest::newRow("unknown expectation") << start + "Expect: the-unexpected\r\nContent-Length: 5\r\n\r\n"
                                         << 417;
}

void DoorLimitsTest::tooLarge()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    client.send(bytes + hidden);
    const Answer answer = client.receive();
    QCOMPARE(answer.status, status);
    QVERIFY(answer.complete);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QCOMPARE(client.receiveAll(), QByteArray());
    QVERIFY(!client.wasReset());
    QCOMPARE(door.seen().served, 0);
    QCOMPARE(door.seen().refused, 1);
}

void DoorLimitsTest::largestThatFits()
{
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    const QByteArray body(1000, 'b');
    QVERIFY(client.send(post("/echo", body)));
    QCOMPARE(client.receive().body, body);
    QVERIFY(client.send("POST /echo HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
                        body + "\r\n0\r\n\r\n"));
    QCOMPARE(client.receive().body, body);
    const QByteArray query(8 * 1024 - 9, 'q');
    QVERIFY(client.send(get("/named/a?" + query)));
    QVERIFY(client.receive().body.endsWith(query));
}

void DoorLimitsTest::slowHead()
{
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    QElapsedTimer timer;
    timer.start();
    QVERIFY(client.send("GET /hello HT"));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 408);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY2(timer.elapsed() >= 140 && timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(client.receiveAll(), QByteArray());
    QCOMPARE(door.seen().refused, 1);
    QCOMPARE(door.seen().vagueRefusals, 0);
}

// A head that keeps coming, a byte at a time, is late all the same.
void DoorLimitsTest::slowHeadDripping()
{
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    QElapsedTimer timer;
    timer.start();
    client.send("GET /hello HTTP/1.1\r\nX: ");
    QByteArray received;
    while (received.isEmpty() && timer.elapsed() < 2000) {
        client.send("x");
        received = client.receiveBytes(20ms);
    }
    QVERIFY2(received.startsWith("HTTP/1.1 408 "), received.constData());
    QVERIFY(timer.elapsed() >= 140);
}

void DoorLimitsTest::stalledBody_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("length") << QByteArray(
        "POST /echo HTTP/1.1\r\nHost: door\r\nContent-Length: 10\r\n\r\n12345");
    QTest::newRow("length, nothing yet")
        << QByteArray("POST /echo HTTP/1.1\r\nHost: door\r\nContent-Length: 10\r\n\r\n");
    QTest::newRow("chunks") << QByteArray(
        "POST /echo HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123");
    QTest::newRow("trailers") << QByteArray(
        "POST /echo HTTP/1.1\r\nHost: door\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a");
    QTest::newRow("promised") << QByteArray(
        "POST /echo HTTP/1.1\r\nHost: door\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
}

void DoorLimitsTest::stalledBody()
{
    QFETCH(QByteArray, bytes);
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    QVERIFY(client.send(bytes));
    Answer answer = client.receive();
    if (answer.status == 100)
        answer = client.receive();
    QCOMPARE(answer.status, 408);
    QCOMPARE(client.receiveAll(), QByteArray());
    QCOMPARE(door.seen().served, 0);
}

// Silence counts, not duration.
void DoorLimitsTest::slowBodyThatKeepsComing()
{
    RunningDoor door(smallLimits());
    RawClient client(door.port());
    QVERIFY(client.send("POST /echo HTTP/1.1\r\nHost: door\r\nContent-Length: 10\r\n\r\n"));
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(client.receiveBytes(40ms), QByteArray());
        QVERIFY(client.send("x"));
    }
    QCOMPARE(client.receive().body, QByteArray(10, 'x'));
}

void DoorLimitsTest::idleConnectionIsClosedSilently()
{
    RunningDoor door(smallLimits());
    RawClient fresh(door.port());
    RawClient used(door.port());
    QVERIFY(used.send(get("/hello")));
    QCOMPARE(used.receive().status, 200);
    QVERIFY(!used.isClosedWithin(50ms));
    QVERIFY(used.isClosedWithin(1s));
    QVERIFY(fresh.isClosedWithin(1s));
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(door.seen().refused, 0);
}

void DoorLimitsTest::everyRefusalIsAWholeAnswer()
{
    RunningDoor door(smallLimits());
    for (const QByteArray &bytes :
         {get("/nowhere"), post("/echo", QByteArray(2000, 'b')), QByteArray("nonsense\r\n\r\n")}) {
        RawClient client(door.port());
        client.send(bytes);
        const Answer answer = client.receive();
        QVERIFY(answer.status >= 400);
        QVERIFY(answer.body.startsWith("{\"error\":"));
        QCOMPARE(answer.field("x-content-type-options"), QByteArray("nosniff"));
        QVERIFY(answer.field("x-request-id").startsWith("req_"));
        QVERIFY(answer.field("date").endsWith(" GMT"));
        QCOMPARE(answer.field("content-length").toLongLong(), answer.body.size());
    }
}

QTEST_GUILESS_MAIN(DoorLimitsTest)
#include "tst_door_limits.moc"

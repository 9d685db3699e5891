// SPDX-License-Identifier: GPL-3.0-or-later
// Going down gracefully.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorDrainTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void idleDoor();
    void idleConnectionsClose();
    void nobodyNewGetsIn();
    void runningAnswersFinish();
    void answersThatHaveNotBegunSayClose();
    void requestsOnTheirWayAreRefused();
    void pipelinedRequestsAreRefused();
    void timeoutLetsLastWordsOut();
    void timeoutCutsTheRest();
};

void DoorDrainTest::idleDoor()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.lanes = 3;
    RunningDoor door(settings);
    door.drain();
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().draining, 3);
}

void DoorDrainTest::idleConnectionsClose()
{
    RunningDoor door;
    RawClient fresh(door.port());
    RawClient used(door.port());
    QVERIFY(used.send(get("/hello")));
    QCOMPARE(used.receive().status, 200);
    QTRY_COMPARE(door.counters().activeConnections, 2);
    door.drain();
    QVERIFY(used.isClosedWithin(1s));
    QVERIFY(fresh.isClosedWithin(1s));
    QTRY_VERIFY(door.isDrained());
}

void DoorDrainTest::nobodyNewGetsIn()
{
    RunningDoor door;
    RawClient running(door.port());
    QVERIFY(running.send(get("/never")));
    QTRY_COMPARE(door.seen().served, 1);
    door.drain();
    QVERIFY(!RawClient(door.port()).isConnected());
    QVERIFY(!door.isDrained());
}

void DoorDrainTest::runningAnswersFinish()
{
    RunningDoor door;
    RawClient stream(door.port());
    QVERIFY(stream.send(get("/stream/50")));
    QTRY_COMPARE(door.seen().served, 1);
    door.drain();
    const Answer answer = stream.receive();
    QVERIFY(answer.complete);
    QCOMPARE(answer.body.count("data: "), 50);
    QVERIFY(!door.isDrained() || stream.isClosedWithin(1s));
    stream.close();
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().gone, 0);
}

void DoorDrainTest::answersThatHaveNotBegunSayClose()
{
    RunningDoor door;
    RawClient delayed(door.port());
    QVERIFY(delayed.send(get("/delayed/100")));
    QTRY_COMPARE(door.seen().served, 1);
    door.drain();
    const Answer answer = delayed.receive();
    QCOMPARE(answer.body, QByteArray("late\n"));
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY(delayed.isClosedWithin(1s));
}

void DoorDrainTest::requestsOnTheirWayAreRefused()
{
    RunningDoor door;
    RawClient inHead(door.port());
    QVERIFY(inHead.send("GET /hello HTTP/1.1\r\n"));
    RawClient inBody(door.port());
    QVERIFY(inBody.send("POST /echo HTTP/1.1\r\nHost: door\r\nContent-Length: 4\r\n\r\nbo"));
    QTRY_COMPARE(door.counters().activeConnections, 2);
    QTest::qWait(30); // What was sent has been read.
    door.drain();
    QTRY_COMPARE(door.seen().draining, 1); // The lane knows, too.
    QVERIFY(inHead.send("Host: door\r\n\r\n"));
    QVERIFY(inBody.send("dy"));
    for (RawClient *client : {&inHead, &inBody}) {
        const Answer answer = client->receive();
        QCOMPARE(answer.status, 503);
        QVERIFY(answer.headers.contains("retry-after"));
        QCOMPARE(answer.field("connection"), QByteArray("close"));
        QVERIFY(client->isClosedWithin(1s));
        client->close();
    }
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().served, 0);
}

void DoorDrainTest::pipelinedRequestsAreRefused()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/stream/30") + get("/hello")));
    QTRY_COMPARE(door.seen().served, 1);
    QVERIFY(client.receiveBytes(1s, 10).startsWith("HTTP/1.1 200 ")); // It has said keep-alive.
    door.drain();
    const QByteArray rest = client.receiveAll();
    QVERIFY(rest.contains("data: 29\n\n\r\n0\r\n\r\nHTTP/1.1 503 "));
    QCOMPARE(door.seen().served, 1);
}

void DoorDrainTest::timeoutLetsLastWordsOut()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.drainTimeout = 100ms;
    RunningDoor door(settings);
    RawClient client(door.port());
    QVERIFY(client.send(get("/hang")));
    QTRY_COMPARE(door.seen().served, 1);
    door.drain();
    const Answer answer = client.receive();
    QCOMPARE(answer.body, QByteArray("last words\n"));
    QVERIFY(answer.complete);
    QVERIFY(client.isClosedWithin(1s));
    client.close();
    QTRY_VERIFY(door.isDrained());
}

void DoorDrainTest::timeoutCutsTheRest()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.drainTimeout = 100ms;
    RunningDoor door(settings);
    RawClient never(door.port());
    QVERIFY(never.send(get("/never")));
    RawClient flood(door.port());
    QVERIFY(flood.send(get("/flood/1000000000000")));
    RawClient reading(door.port());
    QVERIFY(reading.send("GET /hel"));
    QTRY_COMPARE(door.seen().served, 2);
    door.drain();
    QVERIFY(!door.isDrained());
    QCOMPARE(never.receive().status, 0);
    QVERIFY(!flood.receive().complete);
    QCOMPARE(reading.receive().status, 0);
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().alive, 0);
    QCOMPARE(door.counters().activeConnections, 0);
}

QTEST_GUILESS_MAIN(DoorDrainTest)
#include "tst_door_drain.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// The handshake of a WebSocket at the door: refusals are plain HTTP, and its gate may take its time.
#include "integration/door/running_door.h"
#include "integration/door/web_socket_client.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorHandshakeTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void refusals_data();
    void refusals();
    void gateRefusesInItsOwnWords();
    void refusedConnectionCloses();
    void bytesBehindTheHandshakeAreNoRequest();
    void gateDecidesLater();
    void gateRefusesLater();
    void leavingEndsTheGate_data();
    void leavingEndsTheGate();
    void drainingLetsTheGateDecide();
    void drainTimeoutEndsTheGate();
    void bytesAheadOfTheDecision();
    void selectsSubprotocol();
};

void DoorHandshakeTest::refusals_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<int>("status");
    const QByteArray good = handshake("/ws/echo");
    const auto changed = [good](const char *from, const char *to) {
        return QByteArray(good).replace(from, to);
    };
    QTest::newRow("unknown path") << handshake("/ws/nowhere") << 404;
    QTest::newRow("path without WebSocket") << handshake("/hello") << 404;
    QTest::newRow("old version") << changed("Version: 13", "Version: 8") << 426;
    QTest::newRow("no version") << changed("Sec-WebSocket-Version: 13\r\n", "") << 426;
    QTest::newRow("no nonce") << changed("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "") << 400;
    QTest::newRow("short nonce") << changed("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==") << 400;
    QTest::newRow("nonce of junk") << changed("dGhlIHNhbXBsZSBub25jZQ==", "!!!!!!!!!!!!!!!!!!!!!!==") << 400;
    QTest::newRow("two nonces") << handshake(
                                       "/ws/echo",
                                       "x-api-key: sesame\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
                                << 400;
}

void DoorHandshakeTest::refusals()
{
    QFETCH(QByteArray, head);
    QFETCH(int, status);
    RunningDoor door;
    WebSocketClient client(door.port(), head);
    QCOMPARE(client.answer().status, status);
    QVERIFY(client.answer().body.startsWith("{\"error\":"));
    QCOMPARE(client.answer().headers.contains("sec-websocket-version"), status == 426);
    QCOMPARE(door.seen().refused, 1);
    QCOMPARE(door.seen().channels, 0);
}

void DoorHandshakeTest::gateRefusesInItsOwnWords()
{
    RunningDoor door;
    for (const auto &[key, status] : QList<std::pair<QByteArray, int>>{
             {"", 401}, {"x-api-key: guess\r\n", 403}, {"x-api-key: slow down\r\n", 429}}) {
        WebSocketClient client(door.port(), handshake("/ws/echo", key + "x-request-id: mine\r\n"));
        QCOMPARE(client.answer().status, status);
        QCOMPARE(client.answer().body, QByteArray("{\"error\":\"the gate's own\"}"));
        QCOMPARE(client.answer().field("x-gate"), QByteArray("yes"));
        QCOMPARE(client.answer().field("x-request-id"), QByteArray("mine"));
        QCOMPARE(client.answer().field("connection"), QByteArray("close"));
        QCOMPARE(client.answer().field("retry-after"), status == 429 ? QByteArray("7") : QByteArray());
        QVERIFY(client.raw().isClosedWithin(1s));
        QVERIFY(!client.raw().wasReset());
    }
    QCOMPARE(door.seen().refused, 0);
    QCOMPARE(door.seen().channels, 0);
}

void DoorHandshakeTest::refusedConnectionCloses()
{
    RunningDoor door;
    RawClient http(door.port());
    QVERIFY(http.send(handshake("/ws/echo", "")));
    QCOMPARE(http.receive().status, 401);
    QVERIFY(http.send(get("/hello")));
    QVERIFY(http.isClosedWithin(1s));
    QVERIFY(!http.wasReset());
    QCOMPARE(door.seen().served, 0);
}

void DoorHandshakeTest::bytesBehindTheHandshakeAreNoRequest()
{
    RunningDoor door;
    RawClient http(door.port());
    QVERIFY(http.send(handshake("/ws/echo") + get("/hello")));
    QCOMPARE(http.receive().status, 400);
    QVERIFY(http.isClosedWithin(1s));
    QCOMPARE(door.seen().served, 0);
    QCOMPARE(door.seen().refused, 1);
}

void DoorHandshakeTest::gateDecidesLater()
{
    RunningDoor door;
    WebSocketClient client(
        door.port(),
        handshake("/ws/later/50", "x-api-key: sesame\r\nSec-WebSocket-Protocol: gatehouse.v1, key.x\r\n"));
    QCOMPARE(client.answer().status, 101);
    QCOMPARE(client.answer().field("sec-websocket-protocol"), QByteArray("gatehouse.v1"));
    QVERIFY(client.sendText("at last"));
    QCOMPARE(client.receive().payload, QByteArray("at last"));
    QTRY_COMPARE(door.seen().undecided, 0);
}

void DoorHandshakeTest::gateRefusesLater()
{
    RunningDoor door;
    WebSocketClient client(door.port(), handshake("/ws/later/50", "x-api-key: guess\r\n"));
    QCOMPARE(client.answer().status, 403);
    QCOMPARE(client.answer().body, QByteArray("{\"error\":\"the gate's own\"}"));
    QVERIFY(client.raw().isClosedWithin(1s));
    QTRY_COMPARE(door.seen().undecided, 0);
    QCOMPARE(door.seen().refused, 0);
}

void DoorHandshakeTest::leavingEndsTheGate_data()
{
    QTest::addColumn<QByteArray>("how");
    for (const char *how : {"closes", "half-closes", "resets"})
        QTest::newRow(how) << QByteArray(how);
}

void DoorHandshakeTest::leavingEndsTheGate()
{
    QFETCH(QByteArray, how);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(handshake("/ws/later/600000")));
    QTRY_COMPARE(door.seen().undecided, 1);
    if (how == "closes")
        client.close();
    else if (how == "half-closes")
        client.shutdownWrite();
    else
        client.reset();
    QTRY_COMPARE(door.seen().undecided, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(door.seen().channels, 0);
}

void DoorHandshakeTest::drainingLetsTheGateDecide()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(handshake("/ws/later/300")));
    QTRY_COMPARE(door.seen().undecided, 1);
    door.drain();
    QCOMPARE(client.receive().status, 101);
    const QByteArray goodbye = client.receiveBytes(5s, 4);
    QCOMPARE(goodbye.first(1), QByteArray("\x88"));
    QCOMPARE(goodbye.sliced(2, 2), QByteArray("\x03\xe9")); // 1001
    client.close();
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().undecided, 0);
}

void DoorHandshakeTest::drainTimeoutEndsTheGate()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.drainTimeout = 100ms;
    RunningDoor door(settings);
    RawClient client(door.port());
    QVERIFY(client.send(handshake("/ws/later/600000")));
    QTRY_COMPARE(door.seen().undecided, 1);
    door.drain();
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().undecided, 0);
    QCOMPARE(client.receive().status, 0);
}

void DoorHandshakeTest::bytesAheadOfTheDecision()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(handshake("/ws/later/600000")));
    QTRY_COMPARE(door.seen().undecided, 1);
    QVERIFY(client.send(encodeFrame({.opcode = textFrame, .payload = "early"})));
    QTRY_COMPARE(door.seen().undecided, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(client.receive().status, 0);
}

void DoorHandshakeTest::selectsSubprotocol()
{
    RunningDoor door;
    WebSocketClient client(
        door.port(), handshake("/ws/echo", "x-api-key: sesame\r\n"
                                           "Sec-WebSocket-Protocol: other, gatehouse.v1, key.secret\r\n"));
    QCOMPARE(client.answer().status, 101);
    QCOMPARE(client.answer().field("sec-websocket-protocol"), QByteArray("gatehouse.v1"));
    WebSocketClient other(door.port(),
                          handshake("/ws/echo", "x-api-key: sesame\r\nSec-WebSocket-Protocol: other\r\n"));
    QCOMPARE(other.answer().status, 101);
    QVERIFY(!other.answer().headers.contains("sec-websocket-protocol"));
}

QTEST_GUILESS_MAIN(DoorHandshakeTest)
#include "tst_door_handshake.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// WebSockets at the door: the handshake's refusals are plain HTTP, messages are bounded, silence ends.
#include "integration/door/running_door.h"
#include "integration/door/web_socket_client.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorWebSocketTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void echoes();
    void afterOrdinaryRequests();
    void refusals_data();
    void refusals();
    void refusedConnectionGoesOn();
    void selectsSubprotocol();
    void framesAheadOfTheHandshakesEnd();
    void fragmentsMakeOneMessage();
    void binaryIsRefused();
    void tooLargeMessage_data();
    void tooLargeMessage();
    void largestMessage();
    void invalidUtf8IsRefused();
    void closeIsAnswered();
    void silentPeerIsClosed();
    void answeredPingsKeepItOpen();
    void clientThatLeaves();
    void readerThatNeverReads();
    void draining();
    void drainTimeoutClosesTheRest();
    void manyAtOnce();
};

void DoorWebSocketTest::echoes()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QCOMPARE(client.answer().status, 101);
    QCOMPARE(client.answer().field("sec-websocket-accept"), QByteArray("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    QVERIFY(!client.answer().headers.contains("sec-websocket-protocol"));
    for (const QByteArray text : {"hello", "", "gr\xc3\xbc\xc3\x9f dich"}) {
        QVERIFY(client.sendText(text));
        const Frame frame = client.receive();
        QCOMPARE(frame.opcode, textFrame);
        QCOMPARE(frame.payload, text);
    }
    QCOMPARE(door.seen().channels, 1);
    QCOMPARE(door.counters().activeConnections, 1);
}

void DoorWebSocketTest::afterOrdinaryRequests()
{
    RunningDoor door;
    RawClient http(door.port());
    QVERIFY(http.send(get("/hello") + get("/stream/3") + handshake("/ws/echo")));
    QCOMPARE(http.receive().status, 200);
    QVERIFY(http.receive().complete);
    QCOMPARE(http.receive().status, 101);
}

void DoorWebSocketTest::refusals_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<int>("status");
    const QByteArray good = handshake("/ws/echo");
    const auto changed = [good](const char *from, const char *to) {
        return QByteArray(good).replace(from, to);
    };
    QTest::newRow("no key") << handshake("/ws/echo", "") << 401;
    QTest::newRow("wrong key") << handshake("/ws/echo", "x-api-key: guess\r\n") << 403;
    QTest::newRow("too often") << handshake("/ws/echo", "x-api-key: slow down\r\n") << 429;
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

void DoorWebSocketTest::refusals()
{
    QFETCH(QByteArray, head);
    QFETCH(int, status);
    RunningDoor door;
    WebSocketClient client(door.port(), head);
    QCOMPARE(client.answer().status, status);
    QVERIFY(client.answer().body.startsWith("{\"error\":"));
    QCOMPARE(client.answer().headers.contains("sec-websocket-version"), status == 426);
    QCOMPARE(client.answer().headers.contains("retry-after"), status == 429);
    QCOMPARE(door.seen().refused, 1);
    QCOMPARE(door.seen().channels, 0);
}

void DoorWebSocketTest::refusedConnectionGoesOn()
{
    RunningDoor door;
    RawClient http(door.port());
    QVERIFY(http.send(handshake("/ws/echo", "") + get("/hello")));
    QCOMPARE(http.receive().status, 401);
    QCOMPARE(http.receive().body, QByteArray("hello\n"));
}

void DoorWebSocketTest::selectsSubprotocol()
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

void DoorWebSocketTest::framesAheadOfTheHandshakesEnd()
{
    RunningDoor door;
    WebSocketClient client(door.port(), handshake("/ws/echo") + "\x81\x80\x01\x02\x03\x04");
    QCOMPARE(client.answer().status, 400);
}

void DoorWebSocketTest::fragmentsMakeOneMessage()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QVERIFY(client.send({.opcode = textFrame, .final = false, .payload = "one "}));
    QVERIFY(client.send({.opcode = pingFrame, .payload = "between"}));
    QVERIFY(client.send({.opcode = 0, .final = false, .payload = "two "}));
    QVERIFY(client.send({.opcode = 0, .payload = "three"}));
    const Frame pong = client.receive();
    QCOMPARE(pong.opcode, pongFrame);
    QCOMPARE(pong.payload, QByteArray("between"));
    QCOMPARE(client.receive().payload, QByteArray("one two three"));
}

void DoorWebSocketTest::binaryIsRefused()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QVERIFY(client.send({.opcode = binaryFrame, .payload = "\x01\x02"}));
    const Frame frame = client.receive();
    QCOMPARE(frame.opcode, closeFrame);
    QCOMPARE(frame.closeCode(), 1003);
    QVERIFY(client.raw().isClosedWithin(1s));
    QTRY_COMPARE(door.seen().channels, 0);
    client.raw().close();
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorWebSocketTest::tooLargeMessage_data()
{
    QTest::addColumn<bool>("inFragments");
    QTest::newRow("one frame") << false;
    QTest::newRow("fragments") << true;
}

// The client sends all of it before it reads, and finds the code nevertheless.
void DoorWebSocketTest::tooLargeMessage()
{
    QFETCH(bool, inFragments);
    ServerSettings settings = RunningDoor::defaults();
    settings.maxBodyBytes = 1'000'000;
    RunningDoor door(settings);
    WebSocketClient client(door.port());
    if (inFragments) {
        QVERIFY(client.send({.opcode = textFrame, .final = false, .payload = QByteArray(600'000, 'm')}));
        QVERIFY(client.send({.opcode = 0, .payload = QByteArray(600'000, 'm')}));
    } else {
        QVERIFY(client.sendText(QByteArray(8'000'000, 'm')));
    }
    const Frame frame = client.receive();
    QCOMPARE(frame.opcode, closeFrame);
    QCOMPARE(frame.closeCode(), 1009);
    QVERIFY(client.raw().isClosedWithin(1s));
    QVERIFY(!client.raw().wasReset());
    QTRY_COMPARE(door.seen().channels, 0);
}

void DoorWebSocketTest::largestMessage()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.maxBodyBytes = 1'000'000;
    RunningDoor door(settings);
    WebSocketClient client(door.port());
    const QByteArray text(1'000'000, 'm');
    QVERIFY(client.sendText(text));
    QByteArray received;
    for (Frame frame = client.receive(); frame.opcode >= 0; frame = client.receive()) {
        received += frame.payload;
        if (frame.final)
            break;
    }
    QCOMPARE(received.size(), text.size());
}

void DoorWebSocketTest::invalidUtf8IsRefused()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QVERIFY(client.sendText("\xc3\x28"));
    QCOMPARE(client.receive().closeCode(), 1007);
}

void DoorWebSocketTest::closeIsAnswered()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QVERIFY(client.send({.opcode = closeFrame, .payload = QByteArray("\x03\xe8", 2)}));
    QCOMPARE(client.receive().closeCode(), 1000);
    QVERIFY(client.raw().isClosedWithin(1s));
    client.raw().close();
    QTRY_COMPARE(door.seen().channels, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorWebSocketTest::silentPeerIsClosed()
{
    RunningDoor door(RunningDoor::defaults(), {.webSocketPing = 80ms});
    WebSocketClient client(door.port());
    QCOMPARE(client.receive().opcode, pingFrame);
    QCOMPARE(client.receive().opcode, pingFrame);
    QCOMPARE(client.receive().opcode, -1);
    QTRY_COMPARE(door.seen().channels, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorWebSocketTest::answeredPingsKeepItOpen()
{
    RunningDoor door(RunningDoor::defaults(), {.webSocketPing = 80ms});
    WebSocketClient client(door.port());
    for (int i = 0; i < 6; ++i) {
        const Frame ping = client.receive();
        QCOMPARE(ping.opcode, pingFrame);
        QVERIFY(client.send({.opcode = pongFrame, .payload = ping.payload}));
    }
    QVERIFY(client.sendText("still here"));
    QCOMPARE(client.receive().payload, QByteArray("still here"));
}

void DoorWebSocketTest::clientThatLeaves()
{
    RunningDoor door;
    WebSocketClient one(door.port());
    WebSocketClient two(door.port());
    QTRY_COMPARE(door.seen().channels, 2);
    one.raw().close();
    two.raw().reset();
    QTRY_COMPARE(door.seen().channels, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorWebSocketTest::readerThatNeverReads()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.writeTimeout = 300ms;
    RunningDoor door(settings);
    WebSocketClient client(door.port(), handshake("/ws/flood"), 16 * 1024);
    QTRY_VERIFY(door.seen().congested > 0);
    QTest::qWait(100); // The kernel's buffers grow for a while.
    const qint64 produced = door.seen().produced;
    QVERIFY2(produced < 8 * 1024 * 1024, qPrintable(QString::number(produced)));
    for (int i = 0; i < 100; ++i)
        QCOMPARE(client.receive().payload.size(), 16 * 1024);
    QTRY_VERIFY(door.seen().drained >= 1);
    QTRY_COMPARE(door.seen().channels, 0); // It stopped reading again, for good.
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

void DoorWebSocketTest::draining()
{
    RunningDoor door;
    WebSocketClient client(door.port());
    QTRY_COMPARE(door.seen().channels, 1);
    door.drain();
    const Frame frame = client.receive();
    QCOMPARE(frame.opcode, closeFrame);
    QCOMPARE(frame.closeCode(), 1001);
    client.raw().close();
    QTRY_VERIFY(door.isDrained());
    QCOMPARE(door.seen().draining, 2);
}

void DoorWebSocketTest::drainTimeoutClosesTheRest()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.drainTimeout = 100ms;
    RunningDoor door(settings);
    WebSocketClient client(door.port(), handshake("/ws/flood"));
    QTRY_COMPARE(door.seen().channels, 1);
    door.drain();
    Frame frame;
    do {
        frame = client.receive();
    } while (frame.opcode == textFrame || frame.opcode == 0);
    QCOMPARE(frame.closeCode(), 1001);
    client.raw().close();
    QTRY_VERIFY(door.isDrained());
}

void DoorWebSocketTest::manyAtOnce()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.lanes = 2;
    RunningDoor door(settings);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<RawClient>(door.port()));
        QVERIFY(clients.back()->send(handshake("/ws/echo")));
    }
    for (const auto &client : clients)
        QCOMPARE(client->receive().status, 101);
    QTRY_COMPARE(door.seen().channels, 100);
    clients.clear();
    QTRY_COMPARE(door.seen().channels, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

QTEST_GUILESS_MAIN(DoorWebSocketTest)
#include "tst_door_web_socket.moc"

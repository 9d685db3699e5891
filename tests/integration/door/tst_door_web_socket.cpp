// SPDX-License-Identifier: GPL-3.0-or-later
// WebSockets at the door: the handshake's refusals are plain HTTP, messages are bounded, silence ends.
#include "integration/door/parked_web_socket.h"
#include "integration/door/process_memory.h"
#include "integration/door/running_door.h"
#include "integration/door/web_socket_client.h"

#include <QRandomGenerator>
#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace std::chrono_literals;

class DoorWebSocketTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void echoes();
    void afterOrdinaryRequests();
    void framesAheadOfTheHandshakesEnd();
    void fragmentsMakeOneMessage();
    void binaryIsRefused();
    void tooLargeMessage_data();
    void tooLargeMessage();
    void largestMessage();
    void invalidUtf8IsRefused();
    void brokenFrames_data();
    void brokenFrames();
    void randomBytes();
    void closeIsAnswered();
    void silentPeerIsClosed();
    void answeredPingsKeepItOpen();
    void clientThatLeaves();
    void readerThatNeverReads();
    void peerThatOnlySendsIsNotReadFrom();
    void pausedPeerThatLeaves_data();
    void pausedPeerThatLeaves();
    void answersBeyondAllBounds();
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

// It has been counted by the gate: the service is not asked for words again.
// What it sends on is thrown away, without a reset that could overtake the refusal.
// RFC 6455 §4.1: the client waits for the 101.
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

void DoorWebSocketTest::brokenFrames_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const QByteArray masked("\x80\x01\x02\x03\x04", 5);
    QTest::newRow("reserved bit") << "\xc1" + masked;
    QTest::newRow("reserved opcode") << "\x83" + masked;
    QTest::newRow("reserved control opcode") << "\x8b" + masked;
    QTest::newRow("fragmented ping") << "\x09" + masked;
    QTest::newRow("ping of 126 bytes")
        << QByteArray("\x89\xfe\x00\x7e\x01\x02\x03\x04", 8) + QByteArray(126, 'p');
    QTest::newRow("continuation of nothing") << QByteArray("\x80") + masked;
    QTest::newRow("length in more bytes than it needs") << QByteArray("\x81\xfe\x00\x01\x01\x02\x03\x04x", 9);
}

void DoorWebSocketTest::brokenFrames()
{
    QFETCH(QByteArray, bytes);
    RunningDoor door;
    WebSocketClient client(door.port());
    QVERIFY(client.raw().send(bytes));
    const Frame frame = client.receive();
    QCOMPARE(frame.opcode, closeFrame);
    QCOMPARE(frame.closeCode(), 1002);
    QVERIFY(client.raw().isClosedWithin(1s));
    client.raw().close();
    QTRY_COMPARE(door.seen().channels, 0);
}

void DoorWebSocketTest::randomBytes()
{
    RunningDoor door;
    QRandomGenerator random(20'240'607);
    for (int i = 0; i < 300; ++i) {
        WebSocketClient client(door.port());
        QCOMPARE(client.answer().status, 101);
        QByteArray bytes(random.bounded(1, 400), Qt::Uninitialized);
        std::generate(bytes.begin(), bytes.end(), [&] { return char(random.bounded(256)); });
        if (i % 2 == 0) { // A head that makes sense, so that the rest is looked at, too.
            bytes[0] = char(0x80 | random.bounded(3));
            bytes[1] = char(0x80 | random.bounded(126));
        }
        QVERIFY(client.raw().send(bytes));
        client.raw().shutdownWrite();
        (void)client.raw().receiveAll();
    }
    QTRY_COMPARE(door.seen().channels, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
    WebSocketClient sane(door.port());
    QVERIFY(sane.sendText("still there?"));
    QCOMPARE(sane.receive().payload, QByteArray("still there?"));
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

// Who doesn't take the answers isn't read from any more; once it does, nothing is missing.
void DoorWebSocketTest::peerThatOnlySendsIsNotReadFrom()
{
    RunningDoor door;
    RawClient plain(door.port());
    QVERIFY(plain.send(handshake("/ws/echo")));
    QCOMPARE(plain.receive().status, 101);
    ParkedWebSocket client(plain.release());
    constexpr qsizetype size = 16'000;
    const QByteArray frame = encodeFrame({.opcode = textFrame, .payload = QByteArray(size, 'm')});
    const auto before = residentBytes();
    const qint64 sent = client.sendUntilStuck(frame, 300ms);
    QVERIFY2(sent < 64 * 1000 * 1000, qPrintable(QString::number(sent)));
    if (const auto after = residentBytes())
        QVERIFY2(*after - *before < 12 * 1000 * 1000, qPrintable(QString::number(*after - *before)));
    const qint64 whole = sent / frame.size();
    QVERIFY(client.exchange({}, whole * (size + 4)));
    QVERIFY(client.exchange(QByteArrayView(frame).sliced(sent % frame.size()), size + 4));
    QCOMPARE(door.seen().channels, 1);
}

void DoorWebSocketTest::pausedPeerThatLeaves_data()
{
    QTest::addColumn<bool>("halfOnly");
    QTest::newRow("closes") << false;
    QTest::newRow("half-closes") << true;
}

// Although nobody reads from it.
void DoorWebSocketTest::pausedPeerThatLeaves()
{
    QFETCH(bool, halfOnly);
    RunningDoor door;
    WebSocketClient client(door.port(), handshake("/ws/flood"), 16 * 1024);
    QTRY_COMPARE(door.seen().congested, 1);
    if (halfOnly)
        client.raw().shutdownWrite();
    else
        client.raw().close();
    QTRY_COMPARE_WITH_TIMEOUT(door.seen().channels, 0, 2000);
    QTRY_COMPARE(door.counters().activeConnections, 0);
}

// A producer that doesn't heed congested() can't fill the memory either.
void DoorWebSocketTest::answersBeyondAllBounds()
{
    RunningDoor door;
    WebSocketClient client(door.port(), handshake("/ws/spill"), 16 * 1024);
    QTRY_COMPARE(door.seen().congested, 1);
    QTRY_COMPARE(door.seen().channels, 0);
    const qint64 most = 4 * 1024 * 1024 + 65 * 1024;
    QVERIFY2(door.seen().produced <= most, qPrintable(QString::number(door.seen().produced)));
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

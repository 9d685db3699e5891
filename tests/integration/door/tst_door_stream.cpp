// SPDX-License-Identifier: GPL-3.0-or-later
// Streamed answers: promptness, backpressure, and clients that leave.
#include "integration/door/process_memory.h"
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QRandomGenerator>
#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr qint64 fiftyMegabytes = 50 * 1000 * 1000;
constexpr int smallBuffer = 16 * 1024;

} // namespace

class DoorStreamTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void eventsComeOneByOne();
    void readerThatNeverReads();
    void readerThatStartsLate();
    void stuckReaderIsCutOff();
    void largeAnswerToASlowReader();
    void clientThatLeaves_data();
    void clientThatLeaves();
    void clientThatLeavesBehindPipelinedInput();
    void randomDisconnects();
};

void DoorStreamTest::eventsComeOneByOne()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get("/stream/5")));
    const Answer answer = client.receive();
    QVERIFY(answer.complete);
    QCOMPARE(answer.field("content-type"), QByteArray("text/event-stream"));
    QCOMPARE(answer.body, QByteArray("data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n"));
    // The first event is there long before the last one is written.
    QVERIFY(client.send(get("/stream/100000")));
    QVERIFY(client.receiveBytes(2s, 300).contains("data: 0\n\n"));
    QCOMPARE(door.seen().finished, 1);
}

void DoorStreamTest::readerThatNeverReads()
{
    RunningDoor door;
    const auto before = residentBytes();
    RawClient client(door.port(), "127.0.0.1", smallBuffer);
    QVERIFY(client.send(get("/flood/" + QByteArray::number(fiftyMegabytes))));
    QTRY_COMPARE(door.seen().congested, 1);
    const qint64 produced = door.seen().produced;
    QVERIFY2(produced < 8 * 1024 * 1024,
             qPrintable(QString::number(produced))); // Mostly the kernel's buffer.
    QTest::qWait(100);
    QCOMPARE(door.seen().produced, produced);
    QCOMPARE(door.seen().drained, 0);
    if (const auto after = residentBytes()) {
        QVERIFY2(*after < 40 * 1000 * 1000, qPrintable(QString::number(*after)));
        QVERIFY2(*after - *before < 2 * 1000 * 1000, qPrintable(QString::number(*after - *before)));
    }
}

void DoorStreamTest::readerThatStartsLate()
{
    RunningDoor door;
    RawClient client(door.port(), "127.0.0.1", smallBuffer);
    QVERIFY(client.send(get("/flood/" + QByteArray::number(fiftyMegabytes))));
    QTRY_COMPARE(door.seen().congested, 1);
    const Answer answer = client.receive();
    QVERIFY(answer.complete);
    QCOMPARE(answer.body.size(), fiftyMegabytes);
    QTRY_COMPARE(door.seen().finished, 1);
    QCOMPARE(door.seen().drained, door.seen().congested);
    QVERIFY(door.seen().congested > 1);
    QCOMPARE(door.seen().gone, 0);
}

void DoorStreamTest::stuckReaderIsCutOff()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.writeTimeout = 100ms;
    RunningDoor door(settings);
    RawClient client(door.port(), "127.0.0.1", smallBuffer);
    QVERIFY(client.send(get("/flood/" + QByteArray::number(fiftyMegabytes))));
    QTRY_COMPARE(door.seen().gone, 1);
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(door.seen().alive, 0);
    QVERIFY(client.receiveAll().size() < fiftyMegabytes);
    // A reader that takes its time, but takes something, is none of these.
    RawClient slow(door.port(), "127.0.0.1", smallBuffer);
    QVERIFY(slow.send(get("/flood/20000000")));
    qint64 received = 0;
    for (int i = 0; i < 20; ++i) {
        QTest::qWait(30);
        received += slow.receiveBytes(1s, 512 * 1024).size();
    }
    QVERIFY(received > 5'000'000);
    QCOMPARE(door.seen().gone, 1);
}

void DoorStreamTest::largeAnswerToASlowReader()
{
    RunningDoor door;
    RawClient client(door.port(), "127.0.0.1", smallBuffer);
    QVERIFY(client.send(get("/bulk/20000000") + get("/hello")));
    QTest::qWait(50);
    const Answer answer = client.receive();
    QVERIFY(answer.complete);
    QCOMPARE(answer.body.size(), 20'000'000);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

void DoorStreamTest::clientThatLeaves_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<bool>("withReset");
    for (const char *path : {"/never", "/stream/1000000", "/flood/1000000000000"}) {
        QTest::addRow("%s, FIN", path) << QByteArray(path) << false;
        QTest::addRow("%s, RST", path) << QByteArray(path) << true;
    }
}

// The best of some tries, for the machine may be busy with something else in any of them.
void DoorStreamTest::clientThatLeaves()
{
    QFETCH(QByteArray, path);
    QFETCH(bool, withReset);
    RunningDoor door;
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        RawClient client(door.port(), "127.0.0.1", smallBuffer);
        QVERIFY(client.send(get(path)));
        QTRY_COMPARE(door.seen().served, i + 1);
        const auto left = std::chrono::steady_clock::now();
        if (withReset)
            client.reset();
        else
            client.close();
        QTRY_COMPARE(door.seen().gone, i + 1);
        best = std::min(best, door.seen().lastGone.load() - left);
    }
    QVERIFY2(best < 50ms, qPrintable(QString::number(best.count())));
    QTRY_COMPARE(door.seen().alive, 0);
    QTRY_COMPARE(door.counters().activeConnections, 0);
    QCOMPARE(door.seen().finished, 0);
}

// More input than the door holds stands behind the answer, so the FIN is not read but looked for.
void DoorStreamTest::clientThatLeavesBehindPipelinedInput()
{
    RunningDoor door;
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        RawClient client(door.port());
        QVERIFY(client.send(get("/never") + post("/echo", QByteArray(200 * 1024, 'p'))));
        QTRY_COMPARE(door.seen().served, i + 1);
        QTest::qWait(20); // All of it has arrived.
        const auto left = std::chrono::steady_clock::now();
        client.close();
        QTRY_COMPARE(door.seen().gone, i + 1);
        best = std::min(best, door.seen().lastGone.load() - left);
    }
    QVERIFY2(best < 50ms, qPrintable(QString::number(best.count())));
}

// GATEHOUSE_DISCONNECTS=2000 for a long run under a sanitizer.
void DoorStreamTest::randomDisconnects()
{
    bool given = false;
    const int wanted = qEnvironmentVariableIntValue("GATEHOUSE_DISCONNECTS", &given);
    const int count = given ? wanted : 300;
    ServerSettings settings = RunningDoor::defaults();
    settings.lanes = 2;
    RunningDoor door(settings);
    QRandomGenerator random(20240611);
    const QByteArrayList requests{
        get("/hello") + get("/hello"),
        get("/never") + get("/hello"),
        get("/stream/50"),
        get("/flood/3000000"),
        post("/echo", QByteArray(100'000, 'e')),
        get("/delayed/2") + get("/stream/3"),
        "POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        get("/abort"),
        get("/bulk/1000000"),
        "nonsense\r\n\r\n",
        post("/nowhere", "b") + get("/never"),
        get("/ws/echo", "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nx-api-key: sesame\r\n")};
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < count; ++i) {
        auto &client =
            clients.emplace_back(std::make_unique<RawClient>(door.port(), "127.0.0.1", smallBuffer));
        const QByteArray &request = requests.at(random.bounded(requests.size()));
        client->send(random.bounded(4) == 0 ? request.left(random.bounded(request.size())) : request);
        (void)client->receiveBytes(std::chrono::milliseconds(random.bounded(3)));
        if (clients.size() < 20)
            continue;
        const auto leaving = clients.begin() + random.bounded(int(clients.size()));
        if (random.bounded(2) == 0)
            (*leaving)->reset();
        clients.erase(leaving);
    }
    clients.clear();
    QTRY_COMPARE_WITH_TIMEOUT(door.counters().activeConnections, 0, 10'000);
    QCOMPARE(door.seen().alive, 0);
    QCOMPARE(door.seen().channels, 0);
    RawClient client(door.port());
    QVERIFY(client.send(get("/hello")));
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
}

QTEST_GUILESS_MAIN(DoorStreamTest)
#include "tst_door_stream.moc"

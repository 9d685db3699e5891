// SPDX-License-Identifier: GPL-3.0-or-later
// What a WebSocket that nobody speaks on costs, before and after it was spoken on.
#include "integration/door/parked_web_socket.h"
#include "integration/door/process_memory.h"
#include "integration/door/running_door.h"

#include <QTest>

#include <malloc.h>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// Of the 20 KB that a WebSocket may cost, what the API adds has the rest.
constexpr qint64 mostBytes = 14 * 1000;

using Clients = std::vector<ParkedWebSocket>;

bool openMany(const RunningDoor &door, int count, Clients &clients)
{
    clients.reserve(clients.size() + size_t(count));
    for (int i = 0; i < count; ++i) {
        RawClient plain(door.port());
        clients.emplace_back(plain.release());
        if (!clients.back().open())
            return false;
    }
    return true;
}

/// Each says and hears a megabyte, in messages of a size that buffers are likely to keep their memory for,
/// and one that is larger than any.
bool talk(Clients &clients, qsizetype first)
{
    QList<std::pair<QByteArray, qsizetype>> frames; // And the length of the echo.
    for (const qsizetype size : {100, 1'000, 10'000, 15'000, 30'000, 60'000, 300'000}) {
        const qsizetype head = size < 126 ? 2 : size < 65'536 ? 4 : 10;
        frames.append({encodeFrame({.opcode = textFrame, .payload = QByteArray(size, 'm')}), head + size});
    }
    frames += frames.first(6);
    frames += frames.first(6);
    frames += frames.first(12);
    for (auto client = clients.begin() + first; client != clients.end(); ++client) {
        for (const auto &[frame, echo] : frames) {
            if (!client->exchange(frame, echo))
                return false;
        }
    }
    return true;
}

} // namespace

class DoorWebSocketMemoryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void idle_data();
    void idle();
    void idleAfterTraffic();
};

void DoorWebSocketMemoryTest::idle_data()
{
    QTest::addColumn<int>("count");
    QTest::newRow("1,000") << 1000;
    QTest::newRow("4,000") << 4000;
}

void DoorWebSocketMemoryTest::idle()
{
    QFETCH(int, count);
    ServerSettings settings = RunningDoor::defaults();
    settings.maxConnections = 10'000;
    ::malloc_trim(0); // What earlier tests have freed would hide what is taken now.
    RunningDoor door(settings);
    Clients clients;
    QVERIFY(openMany(door, 50, clients)); // What is made once has been made.
    const auto before = residentBytes();
    QVERIFY(openMany(door, count, clients));
    QTRY_COMPARE(door.seen().channels, count + 50);
    const auto after = residentBytes();
    if (!after)
        QSKIP("A sanitizer's memory says nothing.");
    const qint64 each = (*after - *before) / count;
    qInfo("%lld bytes each", each);
    QVERIFY2(each < mostBytes, qPrintable(QString::number(each)));
}

void DoorWebSocketMemoryTest::idleAfterTraffic()
{
    constexpr int count = 500;
    ServerSettings settings = RunningDoor::defaults();
    settings.maxConnections = 10'000;
    ::malloc_trim(0); // What earlier tests have freed would hide what is taken now.
    RunningDoor door(settings);
    Clients clients;
    QVERIFY(openMany(door, 20, clients));
    QVERIFY(talk(clients, 0));
    const auto before = residentBytes();
    QVERIFY(openMany(door, count, clients));
    QVERIFY(talk(clients, 20));
    const auto after = residentBytes();
    if (!after)
        QSKIP("A sanitizer's memory says nothing.");
    const qint64 each = (*after - *before) / count;
    qInfo("%lld bytes each", each);
    QVERIFY2(each < mostBytes, qPrintable(QString::number(each)));
}

QTEST_GUILESS_MAIN(DoorWebSocketMemoryTest)
#include "tst_door_web_socket_memory.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// Many connections: the limit, running out of descriptors, slow clients, and how the lanes share.
#include "integration/door/process_memory.h"
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QTest>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using Clients = std::vector<std::unique_ptr<RawClient>>;

Clients connectMany(quint16 port, int count)
{
    Clients clients;
    for (int i = 0; i < count; ++i)
        clients.push_back(std::make_unique<RawClient>(port));
    return clients;
}

/// Every descriptor that the process could still open, for as long as this lives.
class TakenDescriptors
{
public:
    TakenDescriptors()
    {
        ::getrlimit(RLIMIT_NOFILE, &m_limit);
        const rlimit lowered{.rlim_cur = 256, .rlim_max = m_limit.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &lowered);
        for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY))
            m_taken.push_back(fd);
    }
    ~TakenDescriptors()
    {
        for (const int fd : m_taken)
            ::close(fd);
        ::setrlimit(RLIMIT_NOFILE, &m_limit);
    }
    Q_DISABLE_COPY_MOVE(TakenDescriptors)

private:
    rlimit m_limit{};
    std::vector<int> m_taken;
};

double processorSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return double(time.tv_sec) + double(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace

class DoorCapacityTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tooManyConnections();
    void farTooManyConnections();
    void outOfDescriptors();
    void twoHundredDrippingClients();
    void bodiesThatAreOnlyAnnounced();
    void lanesShareConnections();
    void stopsAtOnceWhileBusy();
};

void DoorCapacityTest::tooManyConnections()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.maxConnections = 3;
    settings.lanes = 2;
    RunningDoor door(settings);
    Clients clients = connectMany(door.port(), 3);
    for (const auto &client : clients) {
        QVERIFY(client->send(get("/hello")));
        QCOMPARE(client->receive().status, 200);
    }
    RawClient silent(door.port());
    const Answer answer = silent.receive();
    QCOMPARE(answer.status, 503);
    QVERIFY(answer.field("retry-after").toInt() > 0);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QVERIFY(silent.isClosedWithin(1s));
    RawClient talkative(door.port());
    talkative.send(post("/echo", QByteArray(3'000'000, 'b')));
    QCOMPARE(talkative.receive().status, 503);
    QCOMPARE(talkative.receiveAll(), QByteArray());
    QVERIFY(!talkative.wasReset());
    QCOMPARE(door.counters().refusedConnections, 2);
    QCOMPARE(door.seen().refused, 2);
    QCOMPARE(door.seen().vagueRefusals, 0);
    QCOMPARE(door.seen().served, 3);

    silent.close();
    talkative.close();
    clients.clear();
    QTRY_COMPARE(door.counters().activeConnections, 0);
    RawClient next(door.port());
    QVERIFY(next.send(get("/hello")));
    QCOMPARE(next.receive().status, 200);
}

// The refused ones are bounded, too: the rest is closed without a word.
void DoorCapacityTest::farTooManyConnections()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.maxConnections = 3;
    RunningDoor door(settings);
    const Clients clients = connectMany(door.port(), 200);
    QTRY_COMPARE(door.counters().acceptedConnections + door.counters().refusedConnections, 200);
    QVERIFY(door.counters().activeConnections <= 3 + 64);
    QVERIFY(clients.front()->send(get("/hello")));
    QCOMPARE(clients.front()->receive().status, 200);
    QCOMPARE(clients.at(3)->receive().status, 503);
    QCOMPARE(clients.back()->receive().status, 0);
}

void DoorCapacityTest::outOfDescriptors()
{
    RunningDoor door;
    RawClient before(door.port());
    QVERIFY(before.send(get("/hello")));
    QCOMPARE(before.receive().status, 200);
    std::vector<int> sockets;
    for (int i = 0; i < 10; ++i)
        sockets.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    {
        const TakenDescriptors taken;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(door.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (const int fd : sockets)
            QCOMPARE(::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        QTRY_VERIFY(door.counters().refusedConnections == 10);
        QVERIFY(door.warnings() > 0);
        const double start = processorSeconds();
        QTest::qWait(300);
        QVERIFY2(processorSeconds() - start < 0.15, qPrintable(QString::number(processorSeconds() - start)));
        // Who was in stays in.
        QVERIFY(before.send(get("/hello")));
        QCOMPARE(before.receive().status, 200);
    }
    for (const int fd : sockets)
        ::close(fd);
    RawClient after(door.port());
    QVERIFY(after.send(get("/hello")));
    QCOMPARE(after.receive().status, 200);
}

void DoorCapacityTest::twoHundredDrippingClients()
{
    constexpr int count = 200;
    ServerSettings settings = RunningDoor::defaults();
    settings.lanes = 2;
    RunningDoor door(settings);
    const auto before = residentBytes();
    const Clients clients = connectMany(door.port(), count);
    const QByteArray fields = "X-Drip: " + QByteArray(600, 'd') + "\r\n";
    for (int i = 0; i < count; ++i) // Every other one has its head through and drips the body.
        QVERIFY(clients[i]->send(
            i % 2 == 0 ? QByteArray("P")
                       : post("/echo", {}, fields).replace("Content-Length: 0", "Content-Length: 700")));
    const QByteArray head = post("/echo", {}, fields);
    for (int round = 1; round <= 600; ++round) {
        for (int i = 0; i < count; ++i)
            QVERIFY(
                clients[i]->send(i % 2 == 0 ? QByteArrayView(head).sliced(round, 1) : QByteArrayView("b")));
    }
    QTRY_COMPARE(door.counters().activeConnections, count);
    QCOMPARE(door.seen().served, 0);
    QCOMPARE(door.seen().refused, 0);
    if (const auto after = residentBytes()) {
        QVERIFY2(*after < 40 * 1000 * 1000, qPrintable(QString::number(*after)));
        QVERIFY2(*after - *before < 10 * 1000 * 1000, qPrintable(QString::number(*after - *before)));
    }
    for (int i = 0; i < count; ++i)
        QVERIFY(clients[i]->send(i % 2 == 0 ? QByteArrayView(head).sliced(601)
                                            : QByteArrayView(QByteArray(100, 'b'))));
    for (int i = 0; i < count; ++i)
        QCOMPARE(clients[i]->receive().body.size(), i % 2 == 0 ? 0 : 700);
}

void DoorCapacityTest::bodiesThatAreOnlyAnnounced()
{
    RunningDoor door;
    const auto before = residentBytes();
    const Clients clients = connectMany(door.port(), 200);
    for (const auto &client : clients)
        QVERIFY(client->send("POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 16000000\r\n\r\n" +
                             QByteArray(5000, 'b')));
    QTRY_COMPARE(door.counters().activeConnections, 200);
    QTest::qWait(50);
    if (const auto after = residentBytes())
        QVERIFY2(*after - *before < 10 * 1000 * 1000, qPrintable(QString::number(*after - *before)));
}

void DoorCapacityTest::lanesShareConnections()
{
    ServerSettings settings = RunningDoor::defaults();
    settings.lanes = 4;
    RunningDoor door(settings);
    Clients clients = connectMany(door.port(), 40);
    for (const auto &client : clients)
        QVERIFY(client->send(get("/hello")));
    for (const auto &client : clients)
        QCOMPARE(client->receive().status, 200);
    QCOMPARE(door.seen().requestsByLane(), QList<int>({10, 10, 10, 10}));
}

void DoorCapacityTest::stopsAtOnceWhileBusy()
{
    Clients clients;
    std::chrono::steady_clock::time_point start;
    {
        RunningDoor door;
        clients = connectMany(door.port(), 30);
        for (const auto &client : clients)
            QVERIFY(client->send(get("/flood/1000000000000")));
        QTRY_COMPARE(door.seen().served, 30);
        start = std::chrono::steady_clock::now();
    }
    QVERIFY(std::chrono::steady_clock::now() - start < 1s);
    for (const auto &client : clients)
        QVERIFY(!client->receive().complete);
}

QTEST_GUILESS_MAIN(DoorCapacityTest)
#include "tst_door_capacity.moc"

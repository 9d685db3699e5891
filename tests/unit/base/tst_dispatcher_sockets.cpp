// SPDX-License-Identifier: GPL-3.0-or-later
#include "dispatcher_test.h"

#include <QSignalSpy>
#include <QSocketNotifier>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryFile>
#include <QTimer>

#include <memory>

using namespace gatehouse;
using namespace gatehouse::test;

class TestDispatcherSockets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readAndWriteOnOneDescriptor();
    void urgentData();
    void hangUpReachesEveryNotifier();
    void switchedOffCostsNothing();
    void switchedWithinCallbacks();
    void deletedWithinTheSameBatch();
    void noStaleEventForANewNotifier();
    void nestedLoopServesTheRest();
    void closedAndOpenedAgain_data();
    void closedAndOpenedAgain();
    void closedUnderANotifier();
    void closedWhileADuplicateLives();
    void descriptorThatIsNotOpen();
    void regularFilesAreAlwaysReady();
    void canBeExcluded();
    void manyAtOnce();
    void mostlyIdle();
};

void TestDispatcherSockets::readAndWriteOnOneDescriptor()
{
    SocketPair pair;
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    QSocketNotifier writer(pair.ends[0], QSocketNotifier::Write);
    QList<char> seen;
    connect(&reader, &QSocketNotifier::activated, this, [&] {
        pair.drain(0);
        seen.append('r');
    });
    connect(&writer, &QSocketNotifier::activated, this, [&] {
        writer.setEnabled(false);
        seen.append('w');
    });
    QVERIFY(pair.send(1));
    QTRY_COMPARE(seen.size(), 2);
    QCOMPARE(seen, (QList<char>{'r', 'w'}));
    QVERIFY(turnsWithin(20) <= idleTurns);
    writer.setEnabled(true);
    QTRY_COMPARE(seen.count('w'), 2);
    QCOMPARE(seen.count('r'), 1);
}

void TestDispatcherSockets::urgentData()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QTRY_VERIFY(server.hasPendingConnections() && client.state() == QAbstractSocket::ConnectedState);
    const std::unique_ptr<QTcpSocket> peer(server.nextPendingConnection());
    const int receiver = ::dup(static_cast<int>(peer->socketDescriptor()));
    {
        QSocketNotifier urgent(receiver, QSocketNotifier::Exception);
        QSignalSpy activated(&urgent, &QSocketNotifier::activated);
        connect(&urgent, &QSocketNotifier::activated, this, [&urgent] { urgent.setEnabled(false); });
        QVERIFY(turnsWithin(20) <= idleTurns);
        QCOMPARE(activated.count(), 0);
        QCOMPARE(::send(static_cast<int>(client.socketDescriptor()), "!", 1, MSG_OOB), 1);
        QTRY_COMPARE(activated.count(), 1);
    }
    ::close(receiver);
}

void TestDispatcherSockets::hangUpReachesEveryNotifier()
{
    std::array<int, 2> pipeEnds;
    QCOMPARE(::pipe2(pipeEnds.data(), O_NONBLOCK | O_CLOEXEC), 0);
    QByteArray filling(1 << 20, 'x');
    while (::write(pipeEnds[1], filling.constData(), static_cast<std::size_t>(filling.size())) > 0) {
    }
    {
        QSocketNotifier writer(pipeEnds[1], QSocketNotifier::Write);
        int activated = 0;
        connect(&writer, &QSocketNotifier::activated, this, [&] {
            ++activated;
            writer.setEnabled(false);
        });
        QVERIFY(turnsWithin(20) <= idleTurns);
        QCOMPARE(activated, 0); // Full.
        ::close(pipeEnds[0]);
        QTRY_COMPARE(activated, 1);
    }
    ::close(pipeEnds[1]);

    SocketPair pair;
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    QSignalSpy activated(&reader, &QSocketNotifier::activated);
    connect(&reader, &QSocketNotifier::activated, this, [&reader] { reader.setEnabled(false); });
    pair.closeEnd(1);
    QTRY_COMPARE(activated.count(), 1);
}

void TestDispatcherSockets::switchedOffCostsNothing()
{
    SocketPair pair;
    QVERIFY(pair.send(1));
    pair.closeEnd(1); // Readable and hung up, for ever.
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    int activated = 0;
    connect(&reader, &QSocketNotifier::activated, this, [&activated] { ++activated; });
    QTRY_VERIFY(activated > 3);
    reader.setEnabled(false);
    const int before = activated;
    QVERIFY(turnsWithin(30) <= idleTurns);
    QCOMPARE(activated, before);
    reader.setEnabled(true);
    QTRY_VERIFY(activated > before);
}

void TestDispatcherSockets::switchedWithinCallbacks()
{
    // As an unbuffered QTcpSocket does it: off at every event, on again when it was read.
    SocketPair pair;
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    int received = 0;
    connect(&reader, &QSocketNotifier::activated, this, [&] {
        reader.setEnabled(false);
        pair.drain(0);
        reader.setEnabled(true);
        reader.setEnabled(false);
        reader.setEnabled(true);
        ++received;
    });
    for (int i = 1; i <= 20; ++i) {
        QVERIFY(pair.send(1));
        QTRY_COMPARE(received, i);
    }
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherSockets::deletedWithinTheSameBatch()
{
    constexpr int count = 30;
    std::vector<SocketPair> pairs(count);
    std::vector<std::unique_ptr<QSocketNotifier>> notifiers(count);
    int activated = 0;
    for (int i = 0; i < count; ++i) {
        notifiers[i] = std::make_unique<QSocketNotifier>(pairs[i].ends[0], QSocketNotifier::Read);
        connect(notifiers[i].get(), &QSocketNotifier::activated, this, [&, i] {
            ++activated;
            pairs[i].drain(0);
            for (int other = 0; other < count; ++other) {
                if (other != i)
                    notifiers[other].reset();
            }
        });
        QVERIFY(pairs[i].send(1));
    }
    QTRY_COMPARE(activated, 1);
    QVERIFY(turnsWithin(20) <= idleTurns);
    QCOMPARE(activated, 1);
}

void TestDispatcherSockets::noStaleEventForANewNotifier()
{
    // Both are ready; the first callback replaces the other's notifier and empties its socket.
    SocketPair pairs[2];
    std::unique_ptr<QSocketNotifier> notifiers[2];
    int first = 0;
    int stale = 0;
    for (int i = 0; i < 2; ++i) {
        notifiers[i] = std::make_unique<QSocketNotifier>(pairs[i].ends[0], QSocketNotifier::Read);
        connect(notifiers[i].get(), &QSocketNotifier::activated, this, [&, i] {
            ++first;
            const int other = 1 - i;
            pairs[i].drain(0);
            pairs[other].drain(0);
            notifiers[other].reset();
            notifiers[other] = std::make_unique<QSocketNotifier>(pairs[other].ends[0], QSocketNotifier::Read);
            connect(notifiers[other].get(), &QSocketNotifier::activated, this, [&stale] { ++stale; });
        });
        QVERIFY(pairs[i].send(1));
    }
    QTRY_COMPARE(first, 1);
    QVERIFY(turnsWithin(20) <= idleTurns);
    QCOMPARE(first, 1);
    QCOMPARE(stale, 0);
}

void TestDispatcherSockets::nestedLoopServesTheRest()
{
    constexpr int count = 10;
    std::vector<SocketPair> pairs(count);
    std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
    int depth = 0;
    int served = 0;
    bool servedInside = false;
    for (int i = 0; i < count; ++i) {
        notifiers.push_back(std::make_unique<QSocketNotifier>(pairs[i].ends[0], QSocketNotifier::Read));
        connect(notifiers.back().get(), &QSocketNotifier::activated, this, [&, i] {
            pairs[i].drain(0);
            if (++served > 1)
                return;
            ++depth;
            // Those of the same batch, this one's writer, and this one again.
            QSocketNotifier writer(pairs[i].ends[0], QSocketNotifier::Write);
            int written = 0;
            connect(&writer, &QSocketNotifier::activated, this, [&] {
                ++written;
                writer.setEnabled(false);
                pairs[i].send(1);
            });
            QEventLoop loop;
            QTimer poll;
            connect(&poll, &QTimer::timeout, &loop, [&] {
                if (served >= count + 1 && written == 1)
                    loop.quit();
            });
            poll.start(1);
            QTimer::singleShot(3000, &loop, &QEventLoop::quit);
            loop.exec();
            servedInside = served == count + 1 && written == 1;
            --depth;
        });
        QVERIFY(pairs[i].send(1));
    }
    QTRY_VERIFY(served > 0 && depth == 0);
    QVERIFY(servedInside);
    QVERIFY(turnsWithin(20) <= idleTurns);
    QCOMPARE(served, count + 1);
}

void TestDispatcherSockets::closedAndOpenedAgain_data()
{
    QTest::addColumn<bool>("turnsBetween");
    QTest::newRow("in one turn") << false;
    QTest::newRow("with a turn between") << true;
}

void TestDispatcherSockets::closedAndOpenedAgain()
{
    QFETCH(bool, turnsBetween);
    for (int i = 0; i < 5; ++i) {
        auto pair = std::make_unique<SocketPair>();
        const std::array<int, 2> numbers = pair->ends;
        {
            QSocketNotifier reader(pair->ends[0], QSocketNotifier::Read);
            QSignalSpy activated(&reader, &QSocketNotifier::activated);
            connect(&reader, &QSocketNotifier::activated, this, [&pair] { pair->drain(0); });
            QVERIFY(pair->send(1));
            QTRY_COMPARE(activated.count(), 1);
        }
        pair.reset();
        if (turnsBetween)
            dispatcher()->processEvents(QEventLoop::AllEvents);
        pair = std::make_unique<SocketPair>();
        QCOMPARE(pair->ends, numbers); // Else this would prove nothing.
        QSocketNotifier reader(pair->ends[0], QSocketNotifier::Read);
        QSignalSpy activated(&reader, &QSocketNotifier::activated);
        connect(&reader, &QSocketNotifier::activated, this, [&pair] { pair->drain(0); });
        QVERIFY(pair->send(1));
        QTRY_COMPARE(activated.count(), 1);
        QVERIFY(turnsWithin(5) <= idleTurns);
    }
}

void TestDispatcherSockets::closedUnderANotifier()
{
    auto pair = std::make_unique<SocketPair>();
    const std::array<int, 2> numbers = pair->ends;
    auto left = std::make_unique<QSocketNotifier>(pair->ends[0], QSocketNotifier::Read);
    dispatcher()->processEvents(QEventLoop::AllEvents);
    pair.reset(); // Against the rules: the notifier is still enabled.
    QVERIFY(turnsWithin(20) <= idleTurns);

    pair = std::make_unique<SocketPair>();
    QCOMPARE(pair->ends, numbers);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("Multiple socket notifiers")));
    QSocketNotifier reader(pair->ends[0], QSocketNotifier::Read);
    QSignalSpy activated(&reader, &QSocketNotifier::activated);
    connect(&reader, &QSocketNotifier::activated, this, [&pair] { pair->drain(0); });
    QVERIFY(pair->send(1));
    QTRY_COMPARE(activated.count(), 1);
    left.reset(); // Must not take the new one with it.
    QVERIFY(pair->send(1));
    QTRY_COMPARE(activated.count(), 2);
}

void TestDispatcherSockets::closedWhileADuplicateLives()
{
    auto pair = std::make_unique<SocketPair>();
    const int number = pair->ends[0];
    const int duplicate = ::dup(number);
    {
        QSocketNotifier reader(number, QSocketNotifier::Read);
        dispatcher()->processEvents(QEventLoop::AllEvents);
        QVERIFY(pair->send(1)); // Readable for ever, by the duplicate.
    }
    pair->closeEnd(0); // Before the loop turns: the kernel can't be told by this number any more.
    QVERIFY(turnsWithin(30) <= idleTurns);

    SocketPair another;
    QCOMPARE(another.ends[0], number);
    QSocketNotifier reader(number, QSocketNotifier::Read);
    QSignalSpy activated(&reader, &QSocketNotifier::activated);
    connect(&reader, &QSocketNotifier::activated, this, [&another] { another.drain(0); });
    QVERIFY(turnsWithin(30) <= idleTurns);
    QCOMPARE(activated.count(), 0);
    QVERIFY(another.send(1));
    QTRY_COMPARE(activated.count(), 1);
    ::close(duplicate);
}

void TestDispatcherSockets::descriptorThatIsNotOpen()
{
    int number = -1;
    {
        const SocketPair pair;
        number = pair.ends[0];
    }
    QSocketNotifier reader(number, QSocketNotifier::Read);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("disabling")));
    dispatcher()->processEvents(QEventLoop::AllEvents);
    QVERIFY(!reader.isEnabled());
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherSockets::regularFilesAreAlwaysReady()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    QSocketNotifier reader(file.handle(), QSocketNotifier::Read);
    QSocketNotifier writer(file.handle(), QSocketNotifier::Write);
    int read = 0;
    int written = 0;
    connect(&reader, &QSocketNotifier::activated, this, [&] { reader.setEnabled(++read < 3); });
    connect(&writer, &QSocketNotifier::activated, this, [&] { writer.setEnabled(++written < 5); });
    QVERIFY(loopUntil([&] { return read == 3 && written == 5; })); // In a loop that waits where it can.
    QVERIFY(turnsWithin(20) <= idleTurns);
    reader.setEnabled(true);
    QTRY_COMPARE(read, 4);
}

void TestDispatcherSockets::canBeExcluded()
{
    SocketPair pair;
    QVERIFY(pair.send(1));
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    int activated = 0;
    connect(&reader, &QSocketNotifier::activated, this, [&] {
        pair.drain(0);
        ++activated;
    });
    QTimer timer;
    int fired = 0;
    connect(&timer, &QTimer::timeout, this, [&fired] { ++fired; });
    timer.start(5);
    while (fired < 3) // Waits for the timer without spinning on the ready socket.
        dispatcher()->processEvents(QEventLoop::ExcludeSocketNotifiers | QEventLoop::WaitForMoreEvents);
    QCOMPARE(activated, 0);
    QTRY_COMPARE(activated, 1);
}

void TestDispatcherSockets::manyAtOnce()
{
    constexpr int count = 400; // Over one wait's worth of events.
    std::vector<SocketPair> pairs(count);
    std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
    std::vector<int> received(count);
    for (int i = 0; i < count; ++i) {
        notifiers.push_back(std::make_unique<QSocketNotifier>(pairs[i].ends[0], QSocketNotifier::Read));
        connect(notifiers.back().get(), &QSocketNotifier::activated, this, [&, i] {
            pairs[i].drain(0);
            ++received[i];
        });
    }
    for (int round = 1; round <= 3; ++round) {
        for (SocketPair &pair : pairs)
            QVERIFY(pair.send(1));
        QTRY_COMPARE(std::count(received.begin(), received.end(), round), count);
    }
}

void TestDispatcherSockets::mostlyIdle()
{
    std::vector<SocketPair> idle(300);
    std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
    for (const SocketPair &pair : idle)
        notifiers.push_back(std::make_unique<QSocketNotifier>(pair.ends[0], QSocketNotifier::Read));
    QVERIFY(turnsWithin(30) <= idleTurns);
}

GATEHOUSE_DISPATCHER_TEST_MAIN(TestDispatcherSockets)
#include "tst_dispatcher_sockets.moc"

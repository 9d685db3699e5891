// SPDX-License-Identifier: GPL-3.0-or-later
// Waking, interrupting and posting across threads.
#include "dispatcher_test.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QSocketNotifier>
#include <QThread>
#include <QTimer>

#include <memory>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;

class TestDispatcherThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void returnsAtOnceWithoutWaiting();
    void tellsWhenItWaits();
    void postedEventsArrive();
    void postedEventsOfTheLoopItselfDoNotSpin();
    void wakeUpIsNeverLost();
    void manyThreadsPost();
    void exitFromAnotherThread();
    void interruptWithinATurn();
    void livesWithItsThread();
    void pingPongBetweenTwoLoops();
};

void TestDispatcherThreads::returnsAtOnceWithoutWaiting()
{
    while (dispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
    QElapsedTimer elapsed;
    elapsed.start();
    QVERIFY(!dispatcher()->processEvents(QEventLoop::AllEvents));
    QVERIFY(elapsed.elapsed() < 100);
    QMetaObject::invokeMethod(
        this, [] {}, Qt::QueuedConnection);
    QVERIFY(dispatcher()->processEvents(QEventLoop::AllEvents));
}

void TestDispatcherThreads::tellsWhenItWaits()
{
    QSignalSpy awake(dispatcher(), &QAbstractEventDispatcher::awake);
    QSignalSpy aboutToBlock(dispatcher(), &QAbstractEventDispatcher::aboutToBlock);
    dispatcher()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(awake.count(), 1);
    QCOMPARE(aboutToBlock.count(), 0);
    QTimer::singleShot(1, this, [] {});
    dispatcher()->processEvents(QEventLoop::WaitForMoreEvents);
    QCOMPARE(awake.count(), 2);
    QCOMPARE(aboutToBlock.count(), 1);

    // What is posted there keeps it from waiting.
    bool delivered = false;
    const auto connection = connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, this, [&] {
        QMetaObject::invokeMethod(
            this, [&delivered] { delivered = true; }, Qt::QueuedConnection);
    });
    dispatcher()->processEvents(QEventLoop::WaitForMoreEvents);
    disconnect(connection);
    dispatcher()->processEvents(QEventLoop::AllEvents);
    QVERIFY(delivered);
}

void TestDispatcherThreads::postedEventsArrive()
{
    QEventLoop loop;
    int received = 0;
    std::thread poster([&] {
        for (int i = 0; i < 100; ++i)
            QMetaObject::invokeMethod(
                &loop, [&] { ++received; }, Qt::QueuedConnection);
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
    });
    loop.exec();
    poster.join();
    QCOMPARE(received, 100);
}

void TestDispatcherThreads::postedEventsOfTheLoopItselfDoNotSpin()
{
    SocketPair pair;
    QSocketNotifier reader(pair.ends[0], QSocketNotifier::Read);
    int posted = 0;
    connect(&reader, &QSocketNotifier::activated, this, [&] {
        pair.drain(0);
        for (int i = 0; i < 10; ++i)
            QMetaObject::invokeMethod(
                this, [&posted] { ++posted; }, Qt::QueuedConnection);
    });
    QVERIFY(pair.send(1));
    QTRY_COMPARE(posted, 10);
    QVERIFY(turnsWithin(30) <= idleTurns);
}

void TestDispatcherThreads::wakeUpIsNeverLost()
{
    // Another thread sets a flag and wakes the loop, at moments that fall before, in and after the wait. A
    // lost request would leave this thread waiting for good.
    QAbstractEventDispatcher *const own = dispatcher();
    std::atomic<int> asked = 0;
    std::atomic<int> answered = 0;
    constexpr int rounds = 20'000;
    std::thread waker([&] {
        for (int i = 1; i <= rounds; ++i) {
            asked = i;
            own->wakeUp();
            while (answered < i)
                std::this_thread::yield();
        }
    });
    QElapsedTimer elapsed;
    elapsed.start();
    while (answered < rounds) {
        while (asked == answered)
            own->processEvents(QEventLoop::WaitForMoreEvents);
        answered = asked.load();
    }
    waker.join();
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherThreads::manyThreadsPost()
{
    constexpr int threads = 4;
    constexpr int each = 5000;
    int received = 0;
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
        posters.emplace_back([this, &received] {
            for (int i = 0; i < each; ++i)
                QMetaObject::invokeMethod(
                    this, [&received] { ++received; }, Qt::QueuedConnection);
        });
    }
    QVERIFY(loopUntil([&] { return received == threads * each; }));
    for (std::thread &poster : posters)
        poster.join();
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherThreads::exitFromAnotherThread()
{
    for (int i = 0; i < 1000; ++i) { // A lost exit would hang the test.
        QEventLoop loop;
        std::thread other;
        QMetaObject::invokeMethod( // From within, because exec() forgets an exit() that came before it.
            &loop, [&] { other = std::thread([&loop, i] { loop.exit(i); }); }, Qt::QueuedConnection);
        QCOMPARE(loop.exec(), i);
        other.join();
    }
}

void TestDispatcherThreads::interruptWithinATurn()
{
    int fired = 0;
    QTimer timer;
    connect(&timer, &QTimer::timeout, this, [&] {
        ++fired;
        timer.stop();
    });
    timer.start(0);
    QMetaObject::invokeMethod(
        this, [] { dispatcher()->interrupt(); }, Qt::QueuedConnection);
    QVERIFY(!dispatcher()->processEvents(QEventLoop::WaitForMoreEvents));
    QCOMPARE(fired, 0); // Back as soon as the posted event was delivered.
    QTRY_COMPARE(fired, 1);
}

void TestDispatcherThreads::livesWithItsThread()
{
    for (int i = 0; i < 20; ++i) {
        QThread thread;
        QPointer<EpollDispatcher> own = new EpollDispatcher;
        thread.setEventDispatcher(own);
        QCOMPARE(own->thread(), &thread);
        std::atomic<bool> ran = false;
        connect(
            &thread, &QThread::started, own.data(), [&ran] { ran = true; }, Qt::DirectConnection);
        thread.start();
        QCOMPARE(QAbstractEventDispatcher::instance(&thread), own.data());
        thread.quit(); // At any moment of its beginning.
        QVERIFY(thread.wait(5000));
        QVERIFY(ran);
        QVERIFY(!own); // The thread owned it.
    }
}

void TestDispatcherThreads::pingPongBetweenTwoLoops()
{
    QThread thread;
    thread.setEventDispatcher(new EpollDispatcher);
    thread.start();
    QObject remote;
    remote.moveToThread(&thread);
    constexpr int rounds = 5000;
    int returned = 0;
    QEventLoop loop;
    std::function<void()> ping = [&] {
        QMetaObject::invokeMethod(&remote, [&] {
            QMetaObject::invokeMethod(this, [&] {
                if (++returned == rounds)
                    loop.quit();
                else
                    ping();
            });
        });
    };
    ping();
    QTimer::singleShot(30'000, &loop, &QEventLoop::quit);
    loop.exec();
    QCOMPARE(returned, rounds);
    thread.quit();
    QVERIFY(thread.wait(5000));
}

GATEHOUSE_DISPATCHER_TEST_MAIN(TestDispatcherThreads)
#include "tst_dispatcher_threads.moc"

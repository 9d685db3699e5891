// SPDX-License-Identifier: GPL-3.0-or-later
#include "dispatcher_test.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QSocketNotifier>
#include <QTimer>

#include <memory>

using namespace gatehouse;
using namespace gatehouse::test;

class TestDispatcherTimers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isInstalled();
    void firesOnTime_data();
    void firesOnTime();
    void repeatsWithoutDrift();
    void firesInOrder();
    void zeroTimersFireOnceATurn();
    void zeroTimersDoNotStarveSockets();
    void readySocketsDoNotStarveTimers();
    void mayBeStoppedByAnother();
    void mayDeleteTheirObjects();
    void doNotFireAgainWhileFiring();
    void fireInNestedLoops();
    void canBeExcluded();
    void areListed();
    void moveWithTheirObject();
};

void TestDispatcherTimers::isInstalled()
{
    QVERIFY(qobject_cast<EpollDispatcher *>(dispatcher()));
}

void TestDispatcherTimers::firesOnTime_data()
{
    QTest::addColumn<Qt::TimerType>("type");
    QTest::addColumn<int>("interval");
    QTest::addColumn<int>("latest");
    constexpr int busyMachine = 1000;
    for (const int interval : {0, 1, 15, 45, 130}) {
        QTest::addRow("precise %d", interval) << Qt::PreciseTimer << interval << interval + busyMachine;
        QTest::addRow("coarse %d", interval)
            << Qt::CoarseTimer << interval << interval + interval / 20 + busyMachine;
    }
    QTest::newRow("very coarse") << Qt::VeryCoarseTimer << 300 << 1300 + busyMachine;
}

void TestDispatcherTimers::firesOnTime()
{
    QFETCH(Qt::TimerType, type);
    QFETCH(int, interval);
    QFETCH(int, latest);
    QTimer timer;
    timer.setTimerType(type);
    timer.setSingleShot(true);
    QSignalSpy fired(&timer, &QTimer::timeout);
    QElapsedTimer elapsed;
    elapsed.start();
    timer.start(interval);
    QVERIFY(fired.wait(latest + 2000));
    const qint64 took = elapsed.nsecsElapsed() / 1000; // Microseconds: a millisecond early must show.
    QVERIFY2(took >= interval * 1000, QByteArray::number(took).constData());
    QVERIFY2(took <= latest * 1000, QByteArray::number(took).constData());
    QCOMPARE(fired.count(), 1);
}

void TestDispatcherTimers::repeatsWithoutDrift()
{
    QTimer timer;
    timer.setTimerType(Qt::PreciseTimer);
    QElapsedTimer elapsed;
    QList<qint64> times;
    connect(&timer, &QTimer::timeout, this, [&] { times.append(elapsed.elapsed()); });
    elapsed.start();
    timer.start(10);
    QTRY_VERIFY_WITH_TIMEOUT(times.size() >= 30, 5000);
    // A late one does not shift the next ones: unless a whole period was lost, they stay on the grid.
    QVERIFY(times.at(29) >= 300);
    QVERIFY2(times.at(29) < 300 + 1000, QByteArray::number(times.at(29)).constData());
}

void TestDispatcherTimers::firesInOrder()
{
    QList<int> order;
    for (const int delay : {30, 10, 20, 10, 0})
        QTimer::singleShot(delay, Qt::PreciseTimer, this, [&order, delay] { order.append(delay); });
    QTRY_COMPARE(order.size(), 5);
    QCOMPARE(order, (QList<int>{0, 10, 10, 20, 30}));

    QList<int> sameTime;
    std::vector<std::unique_ptr<QTimer>> timers;
    for (int i = 0; i < 20; ++i) {
        timers.push_back(std::make_unique<QTimer>());
        timers.back()->setSingleShot(true);
        connect(timers.back().get(), &QTimer::timeout, this, [&sameTime, i] { sameTime.append(i); });
        timers.back()->start(0);
    }
    QTRY_COMPARE(sameTime.size(), 20);
    QVERIFY(std::is_sorted(sameTime.begin(), sameTime.end()));
}

void TestDispatcherTimers::zeroTimersFireOnceATurn()
{
    QObject owner;
    QTimer first;
    QTimer second;
    int firstCount = 0;
    int secondCount = 0;
    int added = 0;
    connect(&first, &QTimer::timeout, this, [&] {
        ++firstCount;
        first.start(0); // Starting anew must not give it a second go in the same turn either.
        auto *another = new QTimer(&owner);
        another->setSingleShot(true);
        connect(another, &QTimer::timeout, &owner, [&added] { ++added; });
        another->start(0);
    });
    connect(&second, &QTimer::timeout, this, [&] { ++secondCount; });
    first.start(0);
    second.start(0);
    QVERIFY(dispatcher()->processEvents(QEventLoop::AllEvents));
    QCOMPARE(firstCount, 1);
    QCOMPARE(secondCount, 1);
    QCOMPARE(added, 0);
    QVERIFY(dispatcher()->processEvents(QEventLoop::AllEvents));
    QCOMPARE(firstCount, 2);
    QCOMPARE(added, 1);
}

void TestDispatcherTimers::zeroTimersDoNotStarveSockets()
{
    SocketPair pair;
    int turns = 0;
    QTimer zero;
    connect(&zero, &QTimer::timeout, this, [&turns] { ++turns; });
    zero.start(0);
    QSocketNotifier notifier(pair.ends[0], QSocketNotifier::Read);
    int seenAt = -1;
    connect(&notifier, &QSocketNotifier::activated, this, [&] {
        pair.drain(0);
        seenAt = turns;
    });
    QTRY_VERIFY(turns > 10);
    const int sentAt = turns;
    QVERIFY(pair.send(1));
    QTRY_VERIFY(seenAt >= 0);
    QVERIFY2(seenAt - sentAt <= 2, QByteArray::number(seenAt - sentAt).constData());
}

void TestDispatcherTimers::readySocketsDoNotStarveTimers()
{
    SocketPair pair;
    QVERIFY(pair.send(1));
    QSocketNotifier notifier(pair.ends[0], QSocketNotifier::Read); // Nobody reads: ready at every turn.
    int activations = 0;
    connect(&notifier, &QSocketNotifier::activated, this, [&activations] { ++activations; });
    QTimer timer;
    int fired = 0;
    int posted = 0;
    QObject receiver;
    connect(&timer, &QTimer::timeout, this, [&] {
        ++fired;
        QMetaObject::invokeMethod(
            &receiver, [&posted] { ++posted; }, Qt::QueuedConnection);
    });
    timer.start(5);
    QTRY_VERIFY(fired >= 10 && posted >= 9);
    QVERIFY(activations > fired);
}

void TestDispatcherTimers::mayBeStoppedByAnother()
{
    QTimer first;
    QTimer second;
    int stopped = 0;
    const auto stopBoth = [&] {
        ++stopped;
        first.stop();
        second.stop();
    };
    connect(&first, &QTimer::timeout, this, stopBoth);
    connect(&second, &QTimer::timeout, this, stopBoth);
    first.start(0);
    second.start(0);
    QTRY_VERIFY(stopped > 0);
    QVERIFY(turnsWithin(20) <= idleTurns);
    QCOMPARE(stopped, 1);
}

void TestDispatcherTimers::mayDeleteTheirObjects()
{
    int fired = 0;
    std::vector<std::unique_ptr<QTimer>> timers(50);
    for (auto &timer : timers) {
        timer = std::make_unique<QTimer>();
        connect(timer.get(), &QTimer::timeout, this, [&] {
            ++fired;
            QTimer *self = qobject_cast<QTimer *>(sender());
            for (auto &other : timers) { // All but the one that is firing.
                if (other.get() != self)
                    other.reset();
            }
            self->stop();
        });
        timer->start(1);
    }
    QTRY_COMPARE(fired, 1);
    QVERIFY(turnsWithin(20) <= idleTurns);
    QCOMPARE(fired, 1);

    // Itself, in its own event, by the object that owns the timer.
    struct Suicidal : QObject
    {
        void timerEvent(QTimerEvent *) override { delete this; }
    };
    QPointer<QObject> suicidal = new Suicidal;
    suicidal->startTimer(0);
    suicidal->startTimer(0);
    QTRY_VERIFY(!suicidal);
    QVERIFY(turnsWithin(20) <= idleTurns);
}

void TestDispatcherTimers::doNotFireAgainWhileFiring()
{
    QTimer timer;
    int depth = 0;
    int deepest = 0;
    int fired = 0;
    connect(&timer, &QTimer::timeout, this, [&] {
        ++fired;
        deepest = qMax(deepest, ++depth);
        QEventLoop loop;
        QTimer::singleShot(20, &loop, &QEventLoop::quit);
        loop.exec();
        --depth;
    });
    timer.start(1);
    QTRY_VERIFY(fired >= 3);
    timer.stop();
    QCOMPARE(deepest, 1);
}

void TestDispatcherTimers::fireInNestedLoops()
{
    int ticks = 0;
    QTimer ticker;
    connect(&ticker, &QTimer::timeout, this, [&ticks] { ++ticks; });
    ticker.start(1);
    int ticksInside = -1;
    QTimer::singleShot(0, this, [&] {
        const int before = ticks;
        QEventLoop loop;
        QTimer::singleShot(0, &loop, [&] { // Two levels deep.
            QEventLoop inner;
            QTimer::singleShot(30, &inner, &QEventLoop::quit);
            inner.exec();
            loop.quit();
        });
        loop.exec();
        ticksInside = ticks - before;
    });
    QTRY_VERIFY(ticksInside >= 0);
    QVERIFY2(ticksInside >= 3, QByteArray::number(ticksInside).constData());
}

void TestDispatcherTimers::canBeExcluded()
{
    QTimer timer;
    int fired = 0;
    connect(&timer, &QTimer::timeout, this, [&fired] { ++fired; });
    timer.start(0);
    dispatcher()->processEvents(QEventLoop::AllEvents | QEventLoop::X11ExcludeTimers);
    QCOMPARE(fired, 0);
    dispatcher()->processEvents(QEventLoop::AllEvents);
    QCOMPARE(fired, 1);
}

void TestDispatcherTimers::areListed()
{
    QObject object;
    const int slow = object.startTimer(60'000, Qt::VeryCoarseTimer);
    const int fast = object.startTimer(500, Qt::PreciseTimer);
    auto timers = dispatcher()->registeredTimers(&object);
    QCOMPARE(timers.size(), 2);
    std::sort(timers.begin(), timers.end(), [](auto a, auto b) { return a.interval < b.interval; });
    QCOMPARE(timers.at(0).timerId, fast);
    QCOMPARE(timers.at(0).interval, 500);
    QCOMPARE(timers.at(0).timerType, Qt::PreciseTimer);
    QCOMPARE(timers.at(1).timerId, slow);
    QVERIFY(dispatcher()->remainingTime(fast) > 300 && dispatcher()->remainingTime(fast) <= 500);
    QVERIFY(dispatcher()->remainingTime(slow) > 59'000 && dispatcher()->remainingTime(slow) <= 61'000);
    object.killTimer(fast);
    QCOMPARE(dispatcher()->remainingTime(fast), -1);
    QCOMPARE(dispatcher()->registeredTimers(&object).size(), 1);
    QVERIFY(dispatcher()->unregisterTimers(&object));
    QVERIFY(!dispatcher()->unregisterTimers(&object));
    QVERIFY(!dispatcher()->unregisterTimer(slow));
}

void TestDispatcherTimers::moveWithTheirObject()
{
    QThread thread;
    thread.setEventDispatcher(new EpollDispatcher);
    thread.start();
    QTimer timer;
    std::atomic<int> firedThere = 0;
    connect(
        &timer, &QTimer::timeout, &timer,
        [&] { firedThere += QThread::currentThread() == &thread ? 1 : -1000; }, Qt::DirectConnection);
    timer.start(1);
    timer.moveToThread(&thread);
    QTRY_VERIFY(firedThere > 3);
    QVERIFY(dispatcher()->registeredTimers(&timer).isEmpty());
    QMetaObject::invokeMethod(&timer, [&] { timer.moveToThread(qApp->thread()); });
    QTRY_VERIFY(timer.thread() == QThread::currentThread());
    timer.stop();
    thread.quit();
    QVERIFY(thread.wait(5000));
}

GATEHOUSE_DISPATCHER_TEST_MAIN(TestDispatcherTimers)
#include "tst_dispatcher_timers.moc"

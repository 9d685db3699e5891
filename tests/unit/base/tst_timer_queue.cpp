// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/timer_queue.h"

#include <QRandomGenerator>
#include <QTest>

#include <map>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr MonotonicTime start{1'000'000'123'456ns};

QList<int> fire(TimerQueue &queue, MonotonicTime now)
{
    QList<int> ids;
    const quint64 pass = queue.beginPass();
    while (const auto due = queue.takeDue(pass, now)) {
        ids.append(due->id);
        queue.finish(*due);
    }
    return ids;
}

} // namespace

class TestTimerQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firesWhenDue();
    void coarseTimersShareWakeUps();
    void neverEarlyAndNeverFarTooLate_data();
    void neverEarlyAndNeverFarTooLate();
    void catchesUpWithoutABurst();
    void aFiringTimerIsOutOfTheQueue();
    void removedAndReusedWhileFiring();
    void hugeIntervals();
    void behavesLikeAPlainList();
};

void TestTimerQueue::firesWhenDue()
{
    TimerQueue queue;
    QVERIFY(!queue.nextDeadline());
    queue.add(1, 10ms, Qt::PreciseTimer, this, start);
    queue.add(2, 5ms, Qt::PreciseTimer, this, start);
    QCOMPARE(queue.nextDeadline(), start + 5ms);
    QVERIFY(fire(queue, start + 5ms - 1ns).isEmpty());
    QCOMPARE(fire(queue, start + 5ms), QList<int>{2});
    QCOMPARE(fire(queue, start + 10ms), (QList<int>{1, 2}));
    QCOMPARE(queue.deadline(1), start + 20ms);
    QVERIFY(queue.remove(2));
    QVERIFY(!queue.remove(2));
    QVERIFY(!queue.deadline(2));
    QCOMPARE(queue.nextDeadline(), start + 20ms);
}

void TestTimerQueue::coarseTimersShareWakeUps()
{
    TimerQueue queue;
    for (int i = 0; i < 100; ++i) // Ten a millisecond, as connections come.
        queue.add(i, 10s, Qt::CoarseTimer, this, start + i * 100us);
    int wakeUps = 0;
    int fired = 0;
    while (fired < 100) {
        fired += static_cast<int>(fire(queue, *queue.nextDeadline()).size());
        ++wakeUps;
    }
    QVERIFY2(wakeUps <= 2, QByteArray::number(wakeUps).constData());
}

void TestTimerQueue::neverEarlyAndNeverFarTooLate_data()
{
    QTest::addColumn<Qt::TimerType>("type");
    QTest::newRow("precise") << Qt::PreciseTimer;
    QTest::newRow("coarse") << Qt::CoarseTimer;
    QTest::newRow("very coarse") << Qt::VeryCoarseTimer;
}

void TestTimerQueue::neverEarlyAndNeverFarTooLate()
{
    QFETCH(Qt::TimerType, type);
    for (const auto interval : {1ms, 19ms, 20ms, 33ms, 100ms, 999ms, 1000ms, 20'000ms, 3'600'000ms}) {
        TimerQueue queue;
        queue.add(1, interval, type, this, start);
        MonotonicTime::duration slack = 0ns;
        if (type == Qt::CoarseTimer)
            slack = interval / 20.0 >= 1ms ? std::chrono::nanoseconds(interval) / 20 : 0ns;
        else if (type == Qt::VeryCoarseTimer)
            slack = 1s;
        for (int i = 1; i <= 50; ++i) { // Rounding must not add up.
            const MonotonicTime deadline = *queue.nextDeadline();
            if (type != Qt::VeryCoarseTimer || interval >= 1s) {
                QVERIFY(deadline >= start + i * interval);
                QVERIFY(deadline <= start + i * interval + slack);
            }
            QCOMPARE(fire(queue, deadline), QList<int>{1});
        }
    }
}

void TestTimerQueue::catchesUpWithoutABurst()
{
    TimerQueue queue;
    queue.add(1, 10ms, Qt::PreciseTimer, this, start);
    QCOMPARE(fire(queue, start + 95ms), QList<int>{1});
    QCOMPARE(queue.deadline(1), start + 105ms);
    QCOMPARE(fire(queue, start + 108ms), QList<int>{1}); // Late by less than an interval: stays on its grid.
    QCOMPARE(queue.deadline(1), start + 115ms);
}

void TestTimerQueue::aFiringTimerIsOutOfTheQueue()
{
    TimerQueue queue;
    queue.add(1, 0ms, Qt::PreciseTimer, this, start);
    queue.add(2, 0ms, Qt::PreciseTimer, this, start);
    const auto due = queue.takeDue(queue.beginPass(), start);
    QVERIFY(due && due->id == 1);
    QCOMPARE(fire(queue, start), QList<int>{2}); // A nested pass.
    QVERIFY(queue.deadline(1));
    QCOMPARE(queue.timersOf(this).size(), 2);
    queue.finish(*due);
    QCOMPARE(fire(queue, start), (QList<int>{2, 1}));
}

void TestTimerQueue::removedAndReusedWhileFiring()
{
    TimerQueue queue;
    queue.add(1, 5ms, Qt::PreciseTimer, this, start);
    auto due = queue.takeDue(queue.beginPass(), start + 5ms);
    QVERIFY(queue.remove(1));
    queue.finish(*due);
    QVERIFY(!queue.nextDeadline());

    queue.add(1, 5ms, Qt::PreciseTimer, this, start);
    due = queue.takeDue(queue.beginPass(), start + 5ms);
    QVERIFY(queue.removeAll(this));
    queue.add(1, 50ms, Qt::PreciseTimer, this, start); // The id of before, another timer.
    queue.finish(*due);
    QCOMPARE(queue.nextDeadline(), start + 50ms);
    QCOMPARE(fire(queue, start + 50ms), QList<int>{1});
    QCOMPARE(queue.timersOf(this).size(), 1);
}

void TestTimerQueue::hugeIntervals()
{
    TimerQueue queue;
    queue.add(1, TimerQueue::Interval::max(), Qt::CoarseTimer, this, start);
    queue.add(2, TimerQueue::Interval(-5), Qt::PreciseTimer, this, start);
    QVERIFY(*queue.deadline(1) > start + std::chrono::hours(24 * 365));
    QCOMPARE(fire(queue, start), QList<int>{2});
}

void TestTimerQueue::behavesLikeAPlainList()
{
    QRandomGenerator random(1);
    TimerQueue queue;
    std::map<int, std::pair<MonotonicTime, TimerQueue::Interval>> plain; // Id: deadline, interval.
    MonotonicTime now = start;
    for (int step = 0; step < 20'000; ++step) {
        const int id = random.bounded(200);
        if (plain.contains(id)) {
            QVERIFY(queue.remove(id));
            plain.erase(id);
        } else {
            const TimerQueue::Interval interval(1 + random.bounded(300));
            queue.add(id, interval, Qt::PreciseTimer, this, now);
            plain[id] = {now + interval, interval};
        }
        now += std::chrono::microseconds(random.bounded(3000));
        QList<int> expected;
        for (auto &[timer, times] : plain) {
            if (times.first > now)
                continue;
            expected.append(timer);
            times.first += times.second;
            if (times.first <= now)
                times.first = now + times.second;
        }
        QList<int> fired = fire(queue, now);
        std::sort(fired.begin(), fired.end());
        QCOMPARE(fired, expected);
    }
}

QTEST_GUILESS_MAIN(TestTimerQueue)
#include "tst_timer_queue.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/scheduler.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace gatehouse {
/// For the messages of failing comparisons.
char *toString(const std::vector<Scheduler::Turn> &turns)
{
    QByteArray text;
    for (const Scheduler::Turn &turn : turns)
        text += QByteArray::number(turn.job) + '@' + QByteArray::number(turn.slot) + ' ';
    return QTest::toString(text);
}
} // namespace gatehouse

class TestScheduler : public QObject
{
    Q_OBJECT
    using Turns = std::vector<Scheduler::Turn>;

private Q_SLOTS:
    void givesTheSlotInOrderOfArrival()
    {
        Scheduler scheduler(1, 8);
        QCOMPARE(scheduler.plan(), Turns());
        for (const JobId job : {1, 2, 3})
            QVERIFY(scheduler.submit(job));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}})); // it keeps its slot
        scheduler.finish(1);
        QCOMPARE(scheduler.plan(), Turns({{2, 0}}));
        scheduler.finish(3); // cancelled while it waited
        scheduler.finish(2);
        QCOMPARE(scheduler.plan(), Turns());
    }

    void whoPassesGoesBehindTheOthers()
    {
        Scheduler scheduler(1, 8);
        QVERIFY(scheduler.submit(1));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        scheduler.pass(1); // alone, it goes on at once
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        QVERIFY(scheduler.submit(2));
        QVERIFY(scheduler.submit(3));
        for (const JobId job : {1, 2, 3, 1, 2, 3}) {
            QCOMPARE(scheduler.plan(), Turns({{job, 0}}));
            scheduler.pass(job);
        }
        QVERIFY(scheduler.submit(4));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        scheduler.pass(7); // nobody
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
    }

    void fillsSeveralSlots()
    {
        Scheduler scheduler(2, 8);
        for (const JobId job : {1, 2, 3})
            QVERIFY(scheduler.submit(job));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}, {2, 1}}));
        scheduler.finish(1);
        QCOMPARE(scheduler.plan(), Turns({{2, 1}, {3, 0}}));
    }

    void boundsTheQueueAndNotTheSlots()
    {
        Scheduler scheduler(1, 2);
        QVERIFY(scheduler.submit(1)); // the slot
        QVERIFY(scheduler.submit(2));
        QVERIFY(scheduler.submit(3));
        QVERIFY(!scheduler.submit(4));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        QVERIFY(!scheduler.submit(4));
        QCOMPARE(scheduler.waiting(), 2);
        scheduler.finish(2);
        QVERIFY(scheduler.submit(4));
        QVERIFY(!scheduler.submit(5));
    }

    void aSlowReaderHoldsUpNobody()
    {
        Scheduler scheduler(1, 8);
        QVERIFY(scheduler.submit(1));
        QVERIFY(scheduler.submit(2));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        scheduler.setBlocked(1, true);
        QCOMPARE(scheduler.plan(), Turns({{2, 0}}));
        scheduler.setBlocked(1, false);
        QCOMPARE(scheduler.plan(), Turns({{2, 0}})); // the slot is taken from nobody who uses it
        QVERIFY(scheduler.submit(3));
        scheduler.finish(2);
        QCOMPARE(scheduler.plan(), Turns({{1, 0}})); // before 3, which came later
    }

    void aSlowReaderAloneKeepsItsSlot()
    {
        Scheduler scheduler(1, 8);
        QVERIFY(scheduler.submit(1));
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
        scheduler.setBlocked(1, true);
        QCOMPARE(scheduler.plan(), Turns());
        QCOMPARE(scheduler.waiting(), 0);
        scheduler.setBlocked(1, false);
        QCOMPARE(scheduler.plan(), Turns({{1, 0}}));
    }

    void aBlockedJobGetsNoSlot()
    {
        Scheduler scheduler(1, 8);
        QVERIFY(scheduler.submit(1));
        scheduler.setBlocked(1, true);
        QVERIFY(scheduler.submit(2));
        QCOMPARE(scheduler.plan(), Turns({{2, 0}}));
    }

    void tellsWhenToComeBack()
    {
        Scheduler scheduler(1, 100);
        QCOMPARE(scheduler.retryAfter(), 1s);
        for (JobId job = 1; job <= 8; ++job) {
            QVERIFY(scheduler.submit(job));
            (void)scheduler.plan();
            scheduler.finish(job, 10s);
        }
        const auto idle = scheduler.retryAfter();
        QVERIFY(idle >= 8s && idle <= 10s);
        for (JobId job = 10; job <= 12; ++job)
            QVERIFY(scheduler.submit(job));
        (void)scheduler.plan();
        QCOMPARE(scheduler.waiting(), 2);
        QVERIFY(scheduler.retryAfter() > 2 * idle);
        for (JobId job = 20; job <= 60; ++job)
            QVERIFY(scheduler.submit(job));
        QCOMPARE(scheduler.retryAfter(), 60s);
    }

    void ignoresStrangers()
    {
        Scheduler scheduler(1, 1);
        scheduler.finish(7);
        scheduler.setBlocked(7, true);
        QCOMPARE(scheduler.plan(), Turns());
    }
};

QTEST_GUILESS_MAIN(TestScheduler)
#include "tst_scheduler.moc"

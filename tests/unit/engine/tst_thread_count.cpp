// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/thread_count.h"

#include <QTest>
#include <QThread>

using namespace gatehouse;

class TestThreadCount : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void suits_data()
    {
        QTest::addColumn<int>("cores");
        QTest::addColumn<int>("threads");
        QTest::addColumn<int>("suitable");
        QTest::newRow("one") << 1 << 1 << 1;
        QTest::newRow("one core, two threads") << 1 << 2 << 2;
        QTest::newRow("two") << 2 << 2 << 2;
        QTest::newRow("two cores, four threads") << 2 << 4 << 2;
        QTest::newRow("four") << 4 << 4 << 3;
        QTest::newRow("six cores, twelve threads") << 6 << 12 << 5;
        QTest::newRow("sixteen") << 16 << 32 << 8;
    }

    void suits()
    {
        QFETCH(int, cores);
        QFETCH(int, threads);
        QFETCH(int, suitable);
        QCOMPARE(suitableThreads({.cores = cores, .threads = threads}, 1'000'000'000), suitable);
        QCOMPARE(suitableThreads({.cores = cores, .threads = threads}, 1'000'000), 1);
    }

    void countsThisMachine()
    {
        const ProcessorCount count = availableProcessors();
        QVERIFY(count.cores >= 1);
        QVERIFY(count.cores <= count.threads);
        QVERIFY(count.threads <= QThread::idealThreadCount()); // a quota only lowers it
    }
};

QTEST_GUILESS_MAIN(TestThreadCount)
#include "tst_thread_count.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// Several lanes that use one store at once, on both engines.
#include "engines.h"
#include "store_under_test.h"

#include <atomic>
#include <thread>
#include <vector>

using namespace gatehouse;

class TestStoreThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lanesUseItAtOnce_data() { Engines::addRows(); }
    void lanesUseItAtOnce();
    void twoStoresShareADatabase_data() { Engines::addRows(); }
    void twoStoresShareADatabase();

private:
    Engines m_engines;
};

namespace {

constexpr int lanes = 4;
constexpr int rounds = 60;

struct Counts
{
    std::atomic<int> written = 0;
    std::atomic<int> read = 0;
    std::atomic<int> stale = 0;
};

void useStore(StoreUnderTest &test, QObject &context, Counts &counts, int lane)
{
    for (int i = 0; i < rounds; ++i) {
        const int number = lane * rounds + i;
        if (!test.store.record(ledgerRow(test.clock, number)))
            return;
        test.store.noteKeyUsed(QByteArray::number(i % 7));
        test.store.write<void>(
            &context,
            [number](Database &database) {
                return KeyRepository(database).add(keyRecord(QByteArray::number(number)));
            },
            [&](const Result<void> &result) { counts.written += result ? 1 : 0; });
        test.store.read<qint64>(
            &context,
            [](Database &database) -> Result<qint64> {
                auto stats = Ledger(database).stats({});
                return stats ? Result<qint64>(stats->total.requests) : Result<qint64>(stats.error());
            },
            [&, i](const Result<qint64> &requests) {
                counts.read += requests ? 1 : 0;
                counts.stale += requests && *requests <= i ? 1 : 0;
            });
        (void)test.store.isHealthy();
        (void)test.store.hasRoom();
    }
}

} // namespace

void TestStoreThreads::lanesUseItAtOnce()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const QTemporaryDir dataDir;
    StoreUnderTest test(target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    Counts counts;
    std::vector<std::thread> threads;
    std::vector<std::unique_ptr<QObject>> contexts;
    for (int lane = 0; lane < lanes; ++lane) {
        QObject *context = contexts.emplace_back(std::make_unique<QObject>()).get();
        threads.emplace_back([&, context, lane] { useStore(test, *context, counts, lane); });
    }
    for (std::thread &thread : threads)
        thread.join();
    QTRY_COMPARE_WITH_TIMEOUT(counts.written.load(), lanes * rounds, 30'000);
    QTRY_COMPARE_WITH_TIMEOUT(counts.read.load(), lanes * rounds, 30'000);
    QCOMPARE(counts.stale.load(), 0);
    QCOMPARE(test.requests(), lanes * rounds);
}

void TestStoreThreads::twoStoresShareADatabase()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const QTemporaryDir oneDir;
    const QTemporaryDir otherDir;
    StoreUnderTest one(target, oneDir.path());
    StoreUnderTest other(target, otherDir.path());
    std::optional<Result<void>> opened;
    std::thread opener([&] { opened = other.store.open(); });
    GATEHOUSE_VERIFY_OK(one.store.open());
    opener.join();
    GATEHOUSE_VERIFY_OK(*opened);
    constexpr int rows = 400;
    std::thread recorder([&] {
        for (int i = 0; i < rows; ++i)
            (void)other.store.record(ledgerRow(other.clock, i));
    });
    for (int i = 0; i < rows; ++i)
        QVERIFY(one.store.record(ledgerRow(one.clock, i)));
    recorder.join();
    QTRY_COMPARE(one.requests(), 2 * rows);
    QTRY_COMPARE(other.requests(), 2 * rows);
}

QTEST_GUILESS_MAIN(TestStoreThreads)
#include "tst_store_threads.moc"

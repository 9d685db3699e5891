// SPDX-License-Identifier: GPL-3.0-or-later
// The store's promises while all is well, on both engines.
#include "engines.h"
#include "store/migrations.h"
#include "store_under_test.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QThread>

#include <atomic>

using namespace gatehouse;

class TestStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writesAndReads_data() { Engines::addRows(); }
    void writesAndReads();
    void failedJobIsUndoneAlone_data() { Engines::addRows(); }
    void failedJobIsUndoneAlone();
    void resultsComeInOrder_data() { Engines::addRows(); }
    void resultsComeInOrder();
    void readSeesWhatWasRecorded_data() { Engines::addRows(); }
    void readSeesWhatWasRecorded();
    void readNowWaitsForNobody_data() { Engines::addRows(); }
    void readNowWaitsForNobody();
    void questionsAreBounded();
    void writesThatPileUpAreTold();
    void largeWritesShareNoTransaction();
    void rowsArriveUnasked_data() { Engines::addRows(); }
    void rowsArriveUnasked();
    void rowsOutliveTheStore_data() { Engines::addRows(); }
    void rowsOutliveTheStore();
    void lostRowsAreTold();
    void ownChangesAreTold_data() { Engines::addRows(); }
    void ownChangesAreTold();
    void foreignChangesAreTold_data() { Engines::addRows(); }
    void foreignChangesAreTold();
    void deadContextGetsNothing();
    void keyUsesAreSavedAtTheEnd_data() { Engines::addRows(); }
    void keyUsesAreSavedAtTheEnd();
    void oldRowsArePruned_data() { Engines::addRows(); }
    void oldRowsArePruned();
    void closedStoreTakesNothing();

private:
    Engines m_engines;
};

namespace {

Result<void> addKey(Database &database, const QByteArray &id)
{
    return KeyRepository(database).add(keyRecord(id));
}

} // namespace

#define OPEN_STORE(name)                                                                                     \
    GATEHOUSE_FRESH_TARGET(target, m_engines);                                                               \
    const QTemporaryDir dataDir;                                                                             \
    auto name##Owner = std::make_unique<StoreUnderTest>(target, dataDir.path());                             \
    StoreUnderTest &name = *name##Owner;                                                                     \
    GATEHOUSE_VERIFY_OK(name.store.open());                                                                  \
    QVERIFY(name.store.isHealthy() && name.store.hasRoom())

void TestStore::writesAndReads()
{
    OPEN_STORE(test);
    const auto added = test.write<void>([](Database &database) { return addKey(database, "one"); });
    QVERIFY(added && *added);
    const auto found =
        test.read<KeyRecord>([](Database &database) { return KeyRepository(database).find("one"); });
    QVERIFY(found && *found && **found == keyRecord("one"));
    const auto missing =
        test.read<KeyRecord>([](Database &database) { return KeyRepository(database).find("two"); });
    QVERIFY(missing && !*missing);
    QCOMPARE(missing->error().code, ErrorCode::NotFound);
    const auto stillThere =
        test.write<KeyRecord>([](Database &database) { return KeyRepository(database).find("one"); });
    QVERIFY(stillThere && *stillThere);
}

void TestStore::failedJobIsUndoneAlone()
{
    OPEN_STORE(test);
    QObject context;
    QSemaphore gate;
    int commits = 0;
    QList<int> failed;
    // The first one holds the thread, so that the others make one group.
    test.store.write<void>(
        &context,
        [&](Database &) {
            gate.acquire();
            return Result<void>();
        },
        [&](const Result<void> &) { ++commits; });
    for (int i = 0; i < 10; ++i) {
        test.store.write<void>(
            &context,
            [i](Database &database) -> Result<void> {
                if (auto added = addKey(database, QByteArray::number(i)); !added)
                    return added;
                if (i == 3)
                    return Error{ErrorCode::Forbidden, QStringLiteral("not this one")};
                return i == 7 ? addKey(database, "0") : Result<void>(); // A statement that fails.
            },
            [&, i](const Result<void> &result) {
                ++commits;
                if (!result)
                    failed << i;
            });
    }
    gate.release();
    QTRY_COMPARE(commits, 11);
    QCOMPARE(failed, (QList<int>{3, 7}));
    const auto keys =
        test.read<QList<KeyRecord>>([](Database &database) { return KeyRepository(database).all(); });
    QVERIFY(keys && *keys);
    QByteArrayList ids;
    for (const KeyRecord &key : **keys)
        ids << key.id;
    QCOMPARE(ids, (QByteArrayList{"0", "1", "2", "4", "5", "6", "8", "9"}));
}

void TestStore::resultsComeInOrder()
{
    OPEN_STORE(test);
    QObject context;
    QList<int> order;
    QList<int> expected;
    for (int i = 0; i < 200; ++i) {
        expected << i;
        test.store.write<int>(
            &context, [i](Database &) -> Result<int> { return i; },
            [&](const Result<int> &result) {
                order << *result;
                QCOMPARE(QThread::currentThread(), context.thread());
            });
    }
    QVERIFY(order.isEmpty()); // Never within the call.
    QTRY_COMPARE(order.size(), expected.size());
    QCOMPARE(order, expected);
}

void TestStore::readSeesWhatWasRecorded()
{
    OPEN_STORE(test);
    int recorded = 0;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 300; ++i)
            QVERIFY(test.store.record(ledgerRow(test.clock, ++recorded)));
        QCOMPARE(test.requests(), recorded);
    }
}

// Neither for the ledger, while the writer is busy, nor for questions that take long.
void TestStore::readNowWaitsForNobody()
{
    OPEN_STORE(test);
    QVERIFY(test.write<void>([](Database &database) { return addKey(database, "one"); }));
    QObject context;
    QSemaphore gate;
    std::atomic<bool> isHeld = false;
    int done = 0;
    const auto count = [&](const Result<void> &) {
        ++done;
    };
    test.store.write<void>(
        &context,
        [&](Database &) {
            isHeld = true;
            gate.acquire();
            return Result<void>();
        },
        count);
    QTRY_VERIFY(isHeld);
    QVERIFY(test.store.record(ledgerRow(test.clock, 1)));
    test.store.read<void>(
        &context, [](Database &) { return Result<void>(); }, count);
    std::optional<Result<KeyRecord>> found;
    test.store.readNow<KeyRecord>(
        &context, [](Database &database) { return KeyRepository(database).find("one"); },
        [&](const Result<KeyRecord> &result) { found = result; });
    const bool isThere = QTest::qWaitFor([&] { return found.has_value(); });
    const int others = done;
    gate.release();
    QVERIFY(isThere && *found);
    QCOMPARE(others, 0);
    QTRY_COMPARE(done, 2);
}

void TestStore::questionsAreBounded()
{
    const QTemporaryDir dataDir;
    StoreUnderTest test(*m_engines.fresh(false), dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QObject context;
    QSemaphore gate;
    QSemaphore held;
    const std::function<Result<void>(Database &)> hold = [&](Database &) {
        held.release();
        gate.acquire();
        return Result<void>();
    };
    const std::function<Result<void>(Database &)> nothing = [](Database &) {
        return Result<void>();
    };
    int done = 0;
    QList<ErrorCode> refused;
    const auto count = [&](const Result<void> &result) {
        ++done;
        if (!result)
            refused << result.error().code;
    };
    test.store.read<void>(&context, hold, count);
    test.store.readNow<void>(&context, hold, count);
    QVERIFY(held.tryAcquire(2, 20'000));
    for (int i = 0; i < 256 + 1; ++i)
        test.store.read<void>(&context, nothing, count);
    for (int i = 0; i < 16384 + 2; ++i)
        test.store.readNow<void>(&context, nothing, count);
    const bool isTold = QTest::qWaitFor([&] { return done == 3; });
    gate.release(2);
    QVERIFY(isTold);
    QTRY_COMPARE_WITH_TIMEOUT(done, 2 + 257 + 16386, 60'000);
    QCOMPARE(refused, QList<ErrorCode>(3, ErrorCode::Overloaded));
}

void TestStore::writesThatPileUpAreTold()
{
    const QTemporaryDir dataDir;
    StoreUnderTest test(*m_engines.fresh(false), dataDir.path());
    QVERIFY(!test.store.isBehind());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QObject context;
    QSemaphore gate;
    QSemaphore held;
    const auto holdWriter = [&] {
        test.store.write<void>(
            &context,
            [&](Database &) {
                held.release();
                gate.acquire();
                return Result<void>();
            },
            [](const Result<void> &) {});
        return held.tryAcquire(1, 20'000);
    };
    const auto write = [&](qint64 bytes) {
        test.store.write<void>(
            &context, [](Database &) { return Result<void>(); }, [](const Result<void> &) {}, bytes);
    };
    QVERIFY(holdWriter());
    write(64 * 1024 * 1024);
    QVERIFY(!test.store.isBehind());
    write(1);
    QVERIFY(test.store.isBehind());
    gate.release();
    QTRY_VERIFY(!test.store.isBehind());
    QVERIFY(holdWriter());
    for (int i = 0; i < 20'000; ++i)
        write(0);
    QVERIFY(!test.store.isBehind());
    write(0);
    QVERIFY(test.store.isBehind());
    gate.release();
    QTRY_VERIFY_WITH_TIMEOUT(!test.store.isBehind(), 60'000);
    QVERIFY(test.write<void>([](Database &) { return Result<void>(); }));
}

void TestStore::largeWritesShareNoTransaction()
{
    const auto target = m_engines.fresh(false);
    const QTemporaryDir dataDir;
    StoreUnderTest test(*target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QObject context;
    QSemaphore gate;
    QSemaphore held;
    QStringList seen;
    const auto write = [&](const QByteArray &id, qint64 bytes) {
        test.store.write<QString>(
            &context,
            [&, id](Database &database) -> Result<QString> {
                if (id == "0") {
                    held.release();
                    gate.acquire();
                }
                const auto other = Database::open(*target); // It sees what is committed.
                const auto keys = KeyRepository(**other).all();
                if (auto added = addKey(database, id); !added)
                    return added.error();
                QString ids;
                for (const KeyRecord &key : *keys)
                    ids += QString::fromUtf8(key.id);
                return ids;
            },
            [&](const Result<QString> &ids) { seen << (ids ? *ids : QStringLiteral("failed")); }, bytes);
    };
    write("0", 0);
    QVERIFY(held.tryAcquire(1, 20'000));
    write("1", 3 * 1024 * 1024);
    write("2", 3 * 1024 * 1024);
    write("3", 3 * 1024 * 1024);
    gate.release();
    QTRY_COMPARE(seen.size(), 4);
    QCOMPARE(seen, (QStringList{{}, QStringLiteral("0"), QStringLiteral("0"), QStringLiteral("012")}));
}

void TestStore::rowsArriveUnasked()
{
    OPEN_STORE(test);
    const auto other = Database::open(target);
    QVERIFY(other);
    for (int i = 1; i <= 3; ++i) {
        QVERIFY(test.store.record(ledgerRow(test.clock, i)));
        QTRY_COMPARE(Ledger(**other).stats({})->total.requests, i);
    }
}

void TestStore::rowsOutliveTheStore()
{
    OPEN_STORE(test);
    for (int i = 0; i < 1000; ++i)
        QVERIFY(test.store.record(ledgerRow(test.clock, i)));
    testOwner.reset();
    StoreUnderTest next(target, dataDir.path());
    GATEHOUSE_VERIFY_OK(next.store.open());
    QCOMPARE(next.requests(), 1000);
}

void TestStore::lostRowsAreTold()
{
    const QTemporaryDir dataDir;
    const QDir data(dataDir.path());
    QVERIFY(data.mkdir(QStringLiteral("ledger")));
    QFile file(data.filePath(QStringLiteral("ledger/somebody-1.rows")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray("secret").repeated(1000));
    file.close();
    StoreUnderTest test(*m_engines.fresh(false), dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QCOMPARE(test.log.count("ledger rows lost"), 1);
    QVERIFY(test.log.text().contains("somebody-1.rows"));
    QVERIFY(!test.log.text().contains("secret"));
    QVERIFY(test.store.record(ledgerRow(test.clock, 1)));
    QCOMPARE(test.requests(), 1);
    QCOMPARE(test.log.count("ledger rows lost"), 1);
}

void TestStore::ownChangesAreTold()
{
    OPEN_STORE(test);
    QSignalSpy changed(&test.store, &Store::accessChanged);
    QObject context;
    int toldBefore = -1;
    test.store.write<void>(
        &context, [](Database &database) { return addKey(database, "one"); },
        [&](const Result<void> &) { toldBefore = static_cast<int>(changed.size()); });
    QTRY_COMPARE(toldBefore, 1);
    const auto failed = test.write<void>([](Database &database) { return addKey(database, "one"); });
    QVERIFY(failed && !*failed);
    QVERIFY(test.write<void>([](Database &) { return Result<void>(); }));
    QCOMPARE(changed.size(), 1);
}

void TestStore::foreignChangesAreTold()
{
    OPEN_STORE(test);
    QSignalSpy changed(&test.store, &Store::accessChanged);
    const auto other = Database::open(target);
    QVERIFY(other);
    for (int i = 1; i <= 3; ++i) {
        GATEHOUSE_VERIFY_OK(addKey(**other, QByteArray::number(i)));
        QTRY_COMPARE(changed.size(), i);
    }
    // What is no change of keys or users is not told.
    GATEHOUSE_VERIFY_OK(setNote(**other, QStringLiteral("salt"), QStringLiteral("x")));
    GATEHOUSE_VERIFY_OK(KeyRepository(**other).noteUsed({{"1", test.clock.wallNow()}}));
    GATEHOUSE_VERIFY_OK(addKey(**other, "4"));
    QTRY_COMPARE(changed.size(), 4);
}

void TestStore::deadContextGetsNothing()
{
    const QTemporaryDir dataDir;
    StoreUnderTest test(*m_engines.fresh(false), dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    auto context = std::make_unique<QObject>();
    QSemaphore gate;
    bool isCalled = false;
    const auto job = [&](Database &) {
        gate.acquire();
        return Result<void>();
    };
    test.store.write<void>(context.get(), job, [&](const Result<void> &) { isCalled = true; });
    test.store.read<void>(context.get(), job, [&](const Result<void> &) { isCalled = true; });
    context.reset();
    gate.release(2);
    QVERIFY(test.write<void>([](Database &) { return Result<void>(); }));
    QVERIFY(test.read<void>([](Database &) { return Result<void>(); }));
    QVERIFY(!isCalled);
}

void TestStore::keyUsesAreSavedAtTheEnd()
{
    OPEN_STORE(test);
    QVERIFY(test.write<void>([](Database &database) { return addKey(database, "one"); }));
    const WallTime before = test.clock.wallNow();
    test.store.noteKeyUsed("one");
    test.store.noteKeyUsed("none");
    testOwner.reset();
    const auto database = Database::open(target);
    const auto key = KeyRepository(**database).find("one");
    QVERIFY(key && key->lastUsedAt && *key->lastUsedAt >= before);
}

void TestStore::oldRowsArePruned()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const QTemporaryDir dataDir;
    StoreOptions options{.target = target, .dataDir = dataDir.path(), .keepRequests = std::chrono::hours(1)};
    {
        StoreUnderTest test(options);
        GATEHOUSE_VERIFY_OK(test.store.open());
        for (int i = 0; i < 1203; ++i) {
            LedgerRow row = ledgerRow(test.clock, i);
            if (i < 1200)
                row.at -= std::chrono::hours(2);
            QVERIFY(test.store.record(row));
        }
        QCOMPARE(test.requests(), 1203);
    }
    // In the next minute, or after the next start.
    StoreUnderTest test(options);
    GATEHOUSE_VERIFY_OK(test.store.open());
    const auto rows = [&] {
        const auto page = test.read<RequestPage>(
            [](Database &database) { return Ledger(database).requests({}, std::nullopt, 100); });
        return page && *page ? (*page)->entries.size() : -1;
    };
    QTRY_COMPARE(rows(), 3);
    QCOMPARE(test.requests(), 1203); // Statistics outlive the rows.
}

void TestStore::closedStoreTakesNothing()
{
    const QTemporaryDir dataDir;
    StoreUnderTest test(*m_engines.fresh(false), dataDir.path());
    QVERIFY(!test.store.isHealthy());
    QVERIFY(!test.store.hasRoom());
    QCOMPARE(test.store.record(ledgerRow(test.clock, 1)).error().code, ErrorCode::Overloaded);
    test.store.noteKeyUsed("one");
    const auto written = test.write<void>([](Database &) { return Result<void>(); });
    QVERIFY(written && !*written);
    const auto read = test.read<void>([](Database &) { return Result<void>(); });
    QVERIFY(read && !*read);
    QObject context;
    ErrorCode code{};
    test.store.readNow<void>(
        &context, [](Database &) { return Result<void>(); },
        [&](const Result<void> &result) { code = result ? ErrorCode::Internal : result.error().code; });
    QTRY_COMPARE(code, ErrorCode::Overloaded);
}

QTEST_GUILESS_MAIN(TestStore)
#include "tst_store.moc"

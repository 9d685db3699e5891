// SPDX-License-Identifier: GPL-3.0-or-later
// The store while the database is away, and afterwards: nothing is lost, nobody waits.
#include "engines.h"
#include "store_under_test.h"

#include <QElapsedTimer>
#include <QSignalSpy>

using namespace gatehouse;

class TestStoreOutage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void postgresGoesAndComes_data();
    void postgresGoesAndComes();
    void restartUnnoticedByIdleReader();
    void endsQuicklyWhileAway();
    void doesNotOpenWithoutDatabase_data() { Engines::addRows(); }
    void doesNotOpenWithoutDatabase();
    void sqliteLockedByAnother();

private:
    Engines m_engines;
};

void TestStoreOutage::postgresGoesAndComes_data()
{
    QTest::addColumn<bool>("isCrash");
    QTest::newRow("stopped") << false;
    QTest::newRow("crashed") << true;
}

void TestStoreOutage::postgresGoesAndComes()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    QFETCH(const bool, isCrash);
    const auto target = m_engines.fresh(true);
    GATEHOUSE_VERIFY_OK(target);
    const QTemporaryDir dataDir;
    StoreUnderTest test(*target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    int recorded = 0;
    const auto record = [&](int rows) {
        for (int i = 0; i < rows; ++i)
            QVERIFY(test.store.record(ledgerRow(test.clock, ++recorded)));
    };
    record(200);
    QCOMPARE(test.requests(), 200);
    QSignalSpy changed(&test.store, &Store::accessChanged);

    record(300);
    if (isCrash)
        m_engines.postgres()->kill();
    else
        m_engines.postgres()->stop();
    record(300);
    QTRY_VERIFY(!test.store.isHealthy());
    QVERIFY(test.store.hasRoom());
    QElapsedTimer patience;
    patience.start();
    const auto job = [](Database &database) {
        return KeyRepository(database).all();
    };
    for (const auto &answer : {test.write<QList<KeyRecord>>(job), test.read<QList<KeyRecord>>(job)}) {
        QVERIFY(answer && !*answer);
        QCOMPARE(answer->error().code, ErrorCode::Overloaded);
    }
    QVERIFY(patience.elapsed() < 2000);
    record(300);

    QVERIFY(m_engines.postgres()); // Starts it.
    QTRY_VERIFY_WITH_TIMEOUT(test.store.isHealthy(), 15'000);
    QCOMPARE(test.requests(), recorded);
    record(100);
    QCOMPARE(test.requests(), recorded);
    QVERIFY(
        *test.write<void>([](Database &database) { return KeyRepository(database).add(keyRecord("k")); }));
    QTRY_COMPARE(changed.size(), 1);
    QCOMPARE(test.log.count("database away"), 1);
    QCOMPARE(test.log.count("database back"), 1);
    QVERIFY(!test.log.text().contains(services::PostgresServer::password().toUtf8()));
}

void TestStoreOutage::restartUnnoticedByIdleReader()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    const auto target = m_engines.fresh(true);
    GATEHOUSE_VERIFY_OK(target);
    const QTemporaryDir dataDir;
    StoreUnderTest test(*target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QCOMPARE(test.requests(), 0);
    m_engines.postgres()->stop();
    QVERIFY(m_engines.postgres());
    QTRY_VERIFY_WITH_TIMEOUT(test.log.count("database back") == 1, 15'000);
    QCOMPARE(test.requests(), 0);
}

void TestStoreOutage::endsQuicklyWhileAway()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    const auto target = m_engines.fresh(true);
    GATEHOUSE_VERIFY_OK(target);
    const QTemporaryDir dataDir;
    {
        auto test = std::make_unique<StoreUnderTest>(*target, dataDir.path());
        GATEHOUSE_VERIFY_OK(test->store.open());
        m_engines.postgres()->stop();
        for (int i = 0; i < 50; ++i)
            QVERIFY(test->store.record(ledgerRow(test->clock, i)));
        test->store.noteKeyUsed("key");
        QElapsedTimer patience;
        patience.start();
        test.reset();
        QVERIFY(patience.elapsed() < 4000);
    }
    QVERIFY(m_engines.postgres());
    StoreUnderTest next(*target, dataDir.path());
    GATEHOUSE_VERIFY_OK(next.store.open());
    QCOMPARE(next.requests(), 50);
}

void TestStoreOutage::doesNotOpenWithoutDatabase()
{
    QFETCH(const bool, onPostgres);
    DatabaseTarget target;
    target.file = QStringLiteral("/nowhere/gatehouse.db");
    if (onPostgres) {
        target.engine = SqlEngine::PostgreSql;
        target.host = QStringLiteral("127.0.0.1");
        target.port = services::freePort();
        target.name = QStringLiteral("gate");
    }
    const QTemporaryDir dataDir;
    StoreUnderTest test(target, dataDir.path());
    for (int i = 0; i < 2; ++i) {
        const auto opened = test.store.open();
        QVERIFY(!opened);
        QCOMPARE(opened.error().code, ErrorCode::Overloaded);
        QVERIFY(!test.store.isHealthy());
    }
}

void TestStoreOutage::sqliteLockedByAnother()
{
    const auto target = m_engines.fresh(false);
    const QTemporaryDir dataDir;
    StoreUnderTest test(*target, dataDir.path());
    GATEHOUSE_VERIFY_OK(test.store.open());
    QCOMPARE(test.requests(), 0);
    const auto other = Database::open(*target);
    QVERIFY(other);
    GATEHOUSE_VERIFY_OK((*other)->run(QStringLiteral("BEGIN IMMEDIATE")));
    // Recording waits for nobody, and is as good as done.
    for (int i = 0; i < 20; ++i)
        QVERIFY(test.store.record(ledgerRow(test.clock, i)));
    QTRY_VERIFY_WITH_TIMEOUT(!test.store.isHealthy(), 10'000);
    const auto written = test.write<void>([](Database &) { return Result<void>(); });
    QVERIFY(written && !*written);
    QCOMPARE(written->error().code, ErrorCode::Overloaded);
    QCOMPARE(test.requests(), 0); // Reading goes on, without the new rows.
    GATEHOUSE_VERIFY_OK((*other)->run(QStringLiteral("COMMIT")));
    QTRY_VERIFY_WITH_TIMEOUT(test.store.isHealthy(), 15'000);
    QCOMPARE(test.requests(), 20);
}

QTEST_GUILESS_MAIN(TestStoreOutage)
#include "tst_store_outage.moc"

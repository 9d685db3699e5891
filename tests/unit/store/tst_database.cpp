// SPDX-License-Identifier: GPL-3.0-or-later
// One connection, on both engines.
#include "engines.h"
#include "store/database.h"
#include "store/row_insert.h"

#include <QFileInfo>
#include <QRegularExpression>

#include <limits>

using namespace gatehouse;

class TestDatabase : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void valuesRoundTrip_data() { Engines::addRows(); }
    void valuesRoundTrip();
    void transactionsAreWhole_data() { Engines::addRows(); }
    void transactionsAreWhole();
    void innerTransactionsAreUndoneAlone_data() { Engines::addRows(); }
    void innerTransactionsAreUndoneAlone();
    void failedStatementFailsItsTransaction_data() { Engines::addRows(); }
    void failedStatementFailsItsTransaction();
    void failedStatementOutsideHarmsNothing_data() { Engines::addRows(); }
    void failedStatementOutsideHarmsNothing();
    void snapshotsAreOneState_data() { Engines::addRows(); }
    void snapshotsAreOneState();
    void halfReadRowsHinderNoWriting_data() { Engines::addRows(); }
    void halfReadRowsHinderNoWriting();
    void manyRowsGoInAsTheyAre_data() { Engines::addRows(); }
    void manyRowsGoInAsTheyAre();
    void aRowThatFailsFailsItsTransaction_data() { Engines::addRows(); }
    void aRowThatFailsFailsItsTransaction();
    void reconnects_data() { Engines::addRows(); }
    void reconnects();

private:
    Engines m_engines;
};

namespace {

Result<void> exec(Database &database, const char *sql, const QVariantList &values = {})
{
    auto done = database.run(QString::fromUtf8(sql), values);
    return done ? Result<void>() : Result<void>(done.error());
}

qint64 count(Database &database)
{
    auto query = database.run(QStringLiteral("SELECT count(*) FROM things"));
    return query && (*query)->next() ? (*query)->value(0).toLongLong() : -1;
}

std::unique_ptr<Database> openWithTable(const DatabaseTarget &target)
{
    auto database = Database::open(target);
    if (!database || !exec(**database, "CREATE TABLE things (name TEXT NOT NULL UNIQUE)"))
        return nullptr;
    return *std::move(database);
}

Result<void> addThing(Database &database, const char *name)
{
    return exec(database, "INSERT INTO things (name) VALUES (?)", {QString::fromUtf8(name)});
}

} // namespace

void TestDatabase::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".")));
}

void TestDatabase::valuesRoundTrip()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto opened = Database::open(target);
    GATEHOUSE_VERIFY_OK(opened);
    Database &database = **opened;
    QCOMPARE(database.engine(), target.engine);
    const bool isSqlite = target.engine == SqlEngine::Sqlite;
    GATEHOUSE_VERIFY_OK(exec(
        database,
        isSqlite ? "CREATE TABLE v (n INTEGER, t TEXT, b BLOB, d BIGINT, f DOUBLE PRECISION, y BOOLEAN)"
                 : "CREATE TABLE v (n INTEGER, t TEXT, b BYTEA, d BIGINT, f DOUBLE PRECISION, y BOOLEAN)"));
    QByteArray everyByte;
    for (int i = 0; i < 256; ++i)
        everyByte.append(static_cast<char>(i));
    const QList<QVariantList> rows = {
        {1, QStringLiteral("plain"), QByteArray("abc"), std::numeric_limits<qint64>::max(), 0.1, true},
        {2, QString::fromUtf8("o'\\\"?$1;-- \xf0\x9f\x90\xb4 \xe2\x80\xae \xd7\xa9\n\t"), everyByte,
         std::numeric_limits<qint64>::min(), -1e300, false},
        {3, QString(), QByteArray(), qint64(0), 0.0, false},
        {4, QVariant(), QVariant(), QVariant(), QVariant(), QVariant()},
    };
    for (const QVariantList &row : rows)
        GATEHOUSE_VERIFY_OK(
            exec(database, "INSERT INTO v (n, t, b, d, f, y) VALUES (?, ?, ?, ?, ?, ?)", row));
    auto query = database.run(QStringLiteral("SELECT t, b, d, f, y FROM v ORDER BY n"));
    GATEHOUSE_VERIFY_OK(query);
    for (const QVariantList &row : rows) {
        QVERIFY((*query)->next());
        if (row.at(1).isValid()) {
            QVERIFY(!(*query)->isNull(0));
            QVERIFY(!(*query)->isNull(1));
            QCOMPARE((*query)->value(0).toString(), row.at(1).toString());
            QCOMPARE((*query)->value(1).toByteArray(), row.at(2).toByteArray());
            QCOMPARE((*query)->value(2).toLongLong(), row.at(3).toLongLong());
            QCOMPARE((*query)->value(3).toDouble(), row.at(4).toDouble());
            QCOMPARE((*query)->value(4).toBool(), row.at(5).toBool());
        } else {
            for (int column = 0; column < 5; ++column)
                QVERIFY((*query)->isNull(column));
        }
    }
    const QString withZero = QStringLiteral("a%1b").arg(QChar(0));
    auto echo = database.run(QStringLiteral("SELECT CAST(? AS TEXT)"), {withZero});
    QVERIFY(echo && (*echo)->next());
    QCOMPARE((*echo)->value(0).toString(), QStringLiteral("a\uFFFDb"));
}

void TestDatabase::transactionsAreWhole()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    GATEHOUSE_VERIFY_OK(database->inTransaction([&] { return addThing(*database, "kept"); }));
    const auto failed = database->inTransaction([&]() -> Result<void> {
        (void)addThing(*database, "undone");
        return Error{ErrorCode::NotFound, QStringLiteral("changed my mind")};
    });
    QCOMPARE(failed.error().code, ErrorCode::NotFound);
    QCOMPARE(count(*database), 1);
    GATEHOUSE_VERIFY_OK(database->inTransaction([&] { return addThing(*database, "after"); }));
    QCOMPARE(count(*database), 2);
}

void TestDatabase::innerTransactionsAreUndoneAlone()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    GATEHOUSE_VERIFY_OK(database->inTransaction([&]() -> Result<void> {
        const auto duplicate = [&] {
            (void)addThing(*database, "undone");
            return addThing(*database, "first");
        };
        (void)database->inTransaction([&] { return addThing(*database, "first"); });
        if (database->inTransaction(duplicate))
            return Error{ErrorCode::Internal, QStringLiteral("took a duplicate")};
        return database->inTransaction([&] {
            (void)database->inTransaction(duplicate);
            return addThing(*database, "second");
        });
    }));
    QCOMPARE(count(*database), 2);
}

void TestDatabase::failedStatementFailsItsTransaction()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    QVERIFY(addThing(*database, "there"));
    const auto done = database->inTransaction([&]() -> Result<void> {
        (void)addThing(*database, "new");
        (void)addThing(*database, "there");
        (void)addThing(*database, "newer");
        return {};
    });
    QVERIFY(!done);
    QCOMPARE(done.error().code, ErrorCode::Internal);
    QCOMPARE(count(*database), 1);
}

void TestDatabase::failedStatementOutsideHarmsNothing()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    for (const char *sql : {"SELEKT", "SELECT * FROM nowhere", "SELECT nothing FROM things WHERE ? = 1"}) {
        const auto failed =
            exec(*database, sql, QByteArray(sql).contains('?') ? QVariantList{1} : QVariantList{});
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, ErrorCode::Internal);
        QVERIFY(!failed.error().detail.isEmpty());
    }
    GATEHOUSE_VERIFY_OK(addThing(*database, "fine"));
}

void TestDatabase::snapshotsAreOneState()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto writer = openWithTable(target);
    const auto reader = Database::open(target);
    QVERIFY(writer && reader);
    GATEHOUSE_VERIFY_OK((*reader)->inSnapshot([&]() -> Result<void> {
        if (count(**reader) != 0)
            return Error{ErrorCode::Internal, QStringLiteral("not empty")};
        if (auto added = addThing(*writer, "meanwhile"); !added)
            return added;
        if (count(**reader) != 0)
            return Error{ErrorCode::Internal, QStringLiteral("saw another state")};
        return {};
    }));
    QCOMPARE(count(**reader), 1);
}

void TestDatabase::halfReadRowsHinderNoWriting()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    const auto other = Database::open(target);
    QVERIFY(database && other);
    for (const char *name : {"a", "b", "c"})
        QVERIFY(addThing(*database, name));
    auto reading = database->run(QStringLiteral("SELECT name FROM things ORDER BY name"));
    QVERIFY(reading && (*reading)->next());
    GATEHOUSE_VERIFY_OK(addThing(**other, "d"));
    GATEHOUSE_VERIFY_OK(database->inTransaction([&] { return addThing(*database, "e"); }));
    QCOMPARE(count(*database), 5);
}

void TestDatabase::reconnects()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    QVERIFY(addThing(*database, "first"));
    GATEHOUSE_VERIFY_OK(database->reconnect());
    GATEHOUSE_VERIFY_OK(addThing(*database, "second"));
    QCOMPARE(count(*database), 2);
}

void TestDatabase::manyRowsGoInAsTheyAre()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto opened = Database::open(target);
    GATEHOUSE_VERIFY_OK(opened);
    Database &database = **opened;
    QCOMPARE(database.takesRows(), target.engine == SqlEngine::Sqlite); // Else it works, but slowly.
    GATEHOUSE_VERIFY_OK(exec(database, "CREATE TABLE v (n BIGINT PRIMARY KEY, t TEXT, d BIGINT,"
                                       " f DOUBLE PRECISION, uses BIGINT NOT NULL)"));
    const RowInsert insert(QStringLiteral("INSERT INTO v (n, t, d, f, uses)"), 5,
                           QStringLiteral("ON CONFLICT (n) DO UPDATE SET uses = v.uses + excluded.uses"));
    const QByteArray text = "o'\\\"?$1;-- \xf0\x9f\x90\xb4\n";
    constexpr int rowCount = 150; // Some of every size of statement.
    std::vector<SqlCell> cells;
    for (qint64 i = 0; i < rowCount; ++i) {
        if (i % 3 == 0)
            cells.insert(cells.end(), {i, {}, {}, {}, qint64(1)});
        else
            cells.insert(cells.end(), {i, i % 3 == 1 ? QByteArrayView() : QByteArrayView(text),
                                       std::numeric_limits<qint64>::min() + i, -1e300, qint64(1)});
    }
    // Also after a new connection, which knows none of the statements.
    GATEHOUSE_VERIFY_OK(insert.run(database, cells));
    GATEHOUSE_VERIFY_OK(database.reconnect());
    GATEHOUSE_VERIFY_OK(database.inTransaction([&] { return insert.run(database, cells); }));
    GATEHOUSE_VERIFY_OK(insert.run(database, {}));

    auto query = database.run(QStringLiteral("SELECT t, d, f, uses FROM v ORDER BY n"));
    GATEHOUSE_VERIFY_OK(query);
    for (qint64 i = 0; i < rowCount; ++i) {
        QVERIFY((*query)->next());
        for (int column = 0; column < 3; ++column)
            QCOMPARE((*query)->isNull(column), i % 3 == 0);
        if (i % 3 != 0) {
            QCOMPARE((*query)->value(0).toString().toUtf8(), i % 3 == 1 ? QByteArray("") : text);
            QCOMPARE((*query)->value(1).toLongLong(), std::numeric_limits<qint64>::min() + i);
            QCOMPARE((*query)->value(2).toDouble(), -1e300);
        }
        QCOMPARE((*query)->value(3).toLongLong(), 2);
    }
    QVERIFY(!(*query)->next());
}

void TestDatabase::aRowThatFailsFailsItsTransaction()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openWithTable(target);
    QVERIFY(database);
    const RowInsert insert(QStringLiteral("INSERT INTO things (name)"), 1);
    const std::vector<SqlCell> twice = {QByteArrayView("a"), QByteArrayView("b"), QByteArrayView("a")};
    const auto done = database->inTransaction([&]() -> Result<void> {
        const auto failed = insert.run(*database, twice);
        if (failed || failed.error().code != ErrorCode::Internal || failed.error().detail.isEmpty())
            return Error{ErrorCode::NotFound, QStringLiteral("took a duplicate")};
        (void)insert.run(*database, std::span(twice).first(1));
        return {};
    });
    QVERIFY(!done);
    QCOMPARE(done.error().code, ErrorCode::Internal);
    QCOMPARE(count(*database), 0);
    QVERIFY(!RowInsert(QStringLiteral("INSERT INTO nowhere (name)"), 1).run(*database, twice));
    GATEHOUSE_VERIFY_OK(insert.run(*database, std::span(twice).first(2)));
    QCOMPARE(count(*database), 2);
}

QTEST_GUILESS_MAIN(TestDatabase)
#include "tst_database.moc"

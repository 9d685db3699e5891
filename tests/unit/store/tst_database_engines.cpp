// SPDX-License-Identifier: GPL-3.0-or-later
// What only one of the engines does: files and locks here, a server that goes away there.
#include "engines.h"
#include "store/database.h"

#include <QFileInfo>
#include <QRegularExpression>

using namespace gatehouse;

class TestDatabaseEngines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("."))); }
    void sqliteFilesArePrivate();
    void sqliteRunsAsConfigured();
    void sqliteFolderThatIsNotThere();
    void sqliteLockedByAnotherIsOverloaded();
    void notADatabase();
    void wrongPasswordIsNotRepeated();
    void nobodyListens();
    void lostServer();

private:
    Engines m_engines;
};

namespace {

QString textOf(Database &database, const char *sql)
{
    auto query = database.run(QLatin1String(sql));
    return query && (*query)->next() ? (*query)->value(0).toString() : QStringLiteral("failed");
}

} // namespace

void TestDatabaseEngines::sqliteFilesArePrivate()
{
    const auto target = m_engines.fresh(false);
    const auto database = Database::open(*target);
    QVERIFY(database);
    QVERIFY((*database)->run(QStringLiteral("CREATE TABLE t (n INTEGER)")));
    const auto owner = QFile::ReadOwner | QFile::WriteOwner | QFile::ReadUser | QFile::WriteUser;
    for (const char *ending : {"", "-wal", "-shm"}) {
        const QFileInfo file(target->file + QLatin1String(ending));
        QVERIFY(file.exists());
        QCOMPARE(file.permissions() & ~owner, QFile::Permissions());
    }
}

void TestDatabaseEngines::sqliteRunsAsConfigured()
{
    const auto database = Database::open(*m_engines.fresh(false));
    QVERIFY(database);
    QCOMPARE(textOf(**database, "PRAGMA journal_mode"), QStringLiteral("wal"));
    QCOMPARE(textOf(**database, "PRAGMA foreign_keys"), QStringLiteral("1"));
    QCOMPARE(textOf(**database, "PRAGMA synchronous"), QStringLiteral("1"));
    QCOMPARE(textOf(**database, "PRAGMA busy_timeout"), QStringLiteral("5000"));
    QCOMPARE(textOf(**database, "PRAGMA secure_delete"), QStringLiteral("1"));
}

void TestDatabaseEngines::sqliteFolderThatIsNotThere()
{
    DatabaseTarget target;
    target.file = m_engines.folder() + QStringLiteral("/none/gatehouse.db");
    const auto database = Database::open(target);
    QVERIFY(!database);
    QCOMPARE(database.error().code, ErrorCode::Overloaded);
}

void TestDatabaseEngines::sqliteLockedByAnotherIsOverloaded()
{
    const auto target = m_engines.fresh(false);
    const auto one = Database::open(*target);
    const auto other = Database::open(*target);
    QVERIFY(one && other);
    QVERIFY((*one)->run(QStringLiteral("CREATE TABLE t (n INTEGER)")));
    QVERIFY((*other)->run(QStringLiteral("PRAGMA busy_timeout = 20")));
    const auto insert = [](Database &database) {
        auto done = database.run(QStringLiteral("INSERT INTO t (n) VALUES (?)"), {1});
        return done ? Result<void>() : Result<void>(done.error());
    };
    GATEHOUSE_VERIFY_OK((*one)->inTransaction([&] {
        const auto blocked = (*other)->inTransaction([&] { return insert(**other); });
        const auto alsoBlocked = insert(**other);
        if (blocked || blocked.error().code != ErrorCode::Overloaded || alsoBlocked ||
            alsoBlocked.error().code != ErrorCode::Overloaded)
            return Result<void>(Error{ErrorCode::Internal, QStringLiteral("was not overloaded")});
        return insert(**one);
    }));
    GATEHOUSE_VERIFY_OK((*other)->inTransaction([&] { return insert(**other); }));
}

void TestDatabaseEngines::notADatabase()
{
    const auto target = m_engines.fresh(false);
    QFile file(target->file);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(8192, 'x'));
    file.close();
    const auto database = Database::open(*target);
    QVERIFY(!database);
    QCOMPARE(database.error().code, ErrorCode::Internal);
}

void TestDatabaseEngines::wrongPasswordIsNotRepeated()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    auto target = m_engines.fresh(true);
    QVERIFY(target);
    target->password = Secret("hunter2 '\\");
    for (const char *options : {"", "sslmode=hunter2 '\\", "nonsense"}) {
        target->options = QLatin1String(options);
        const auto database = Database::open(*target);
        QVERIFY(!database);
        QCOMPARE(database.error().code, ErrorCode::Overloaded);
        QVERIFY(!database.error().detail.isEmpty());
        QVERIFY(!database.error().detail.contains(QLatin1String("hunter2")));
        QVERIFY(!database.error().message.contains(QLatin1String("hunter2")));
    }
}

void TestDatabaseEngines::nobodyListens()
{
    DatabaseTarget target{.engine = SqlEngine::PostgreSql};
    target.host = QStringLiteral("127.0.0.1");
    target.port = services::freePort();
    target.name = QStringLiteral("gate");
    const auto database = Database::open(target);
    QVERIFY(!database);
    QCOMPARE(database.error().code, ErrorCode::Overloaded);
}

void TestDatabaseEngines::lostServer()
{
    GATEHOUSE_NEEDS_SERVER(PostgresServer);
    services::PostgresServer *server = m_engines.postgres();
    QVERIFY(server);
    const QString url = server->makeDatabase();
    for (const QString &each : {url, server->overTcp(url)}) {
        const auto opened = Database::open(*parseDatabaseUrl(each, {}));
        GATEHOUSE_VERIFY_OK(opened);
        Database &database = **opened;
        GATEHOUSE_VERIFY_OK(database.run(QStringLiteral("CREATE TABLE IF NOT EXISTS t (n INTEGER)")));
        const auto insert = [&]() -> Result<void> {
            auto done = database.run(QStringLiteral("INSERT INTO t (n) VALUES (?)"), {1});
            return done ? Result<void>() : Result<void>(done.error());
        };
        GATEHOUSE_VERIFY_OK(insert());
        // In the middle of a transaction, and again without a server.
        const auto cut = database.inTransaction([&] {
            server->kill();
            return insert();
        });
        QVERIFY(!cut);
        QCOMPARE(cut.error().code, ErrorCode::Overloaded);
        QCOMPARE(insert().error().code, ErrorCode::Overloaded);
        QCOMPARE(database.inTransaction(insert).error().code, ErrorCode::Overloaded);
        const auto notBack = database.reconnect();
        QVERIFY(!notBack);
        QCOMPARE(notBack.error().code, ErrorCode::Overloaded);
        QCOMPARE(insert().error().code, ErrorCode::Overloaded);
        QVERIFY(server->start());
        GATEHOUSE_VERIFY_OK(database.reconnect());
        GATEHOUSE_VERIFY_OK(database.inTransaction(insert));
    }
}

QTEST_GUILESS_MAIN(TestDatabaseEngines)
#include "tst_database_engines.moc"

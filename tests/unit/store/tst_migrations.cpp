// SPDX-License-Identifier: GPL-3.0-or-later
// The schema's way to the newest version, on both engines.
#include "engines.h"
#include "store/database.h"
#include "store/key_repository.h"
#include "store/ledger.h"
#include "store/migrations.h"
#include "store/session_repository.h"

#include <QFileInfo>

#include <atomic>
#include <thread>
#include <vector>

using namespace gatehouse;

class TestMigrations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void freshDatabase_data() { Engines::addRows(); }
    void freshDatabase();
    void livesBesideOthersTables_data() { Engines::addRows(); }
    void livesBesideOthersTables();
    void manyAtOnce_data() { Engines::addRows(); }
    void manyAtOnce();
    void newerSchemaIsRefused_data() { Engines::addRows(); }
    void newerSchemaIsRefused();
    void failedStepLeavesNothing_data() { Engines::addRows(); }
    void failedStepLeavesNothing();
    void olderFileIsCopiedFirst();
    void copyThatCannotBeMadeStopsTheUpgrade();
    void firstVersionGetsSessions_data() { Engines::addRows(); }
    void firstVersionGetsSessions();
    void notes_data() { Engines::addRows(); }
    void notes();

private:
    Engines m_engines;
};

namespace {

qint64 numberOf(Database &database, const QString &sql)
{
    auto query = database.run(sql);
    return query && (*query)->next() ? (*query)->value(0).toLongLong() : -1;
}

qint64 versionRows(Database &database)
{
    return numberOf(database, QStringLiteral("SELECT count(*) FROM gatehouse_schema_version"));
}

bool makeOld(Database &database, int version)
{
    return database.run(QStringLiteral("CREATE TABLE gatehouse_schema_version (version BIGINT NOT NULL)")) &&
           database.run(QStringLiteral("INSERT INTO gatehouse_schema_version (version) VALUES (?)"),
                        {version});
}

} // namespace

void TestMigrations::freshDatabase()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database);
    for (int i = 0; i < 2; ++i) {
        GATEHOUSE_VERIFY_OK(migrate(**database, target));
        QCOMPARE(versionRows(**database), 2);
        QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), 0);
        QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_users")), 0);
        const auto version = accessVersion(**database);
        GATEHOUSE_VERIFY_OK(version);
        QCOMPARE(*version, 0);
    }
    QVERIFY(!QFileInfo::exists(target.file + QStringLiteral(".before-0")));
}

void TestMigrations::livesBesideOthersTables()
{
    // A predecessor's database, whose DATABASE_URL is kept.
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database);
    for (const char *table :
         {"users", "api_keys", "keys", "usage", "requests", "schema_version", "alembic_version"}) {
        QVERIFY(
            (*database)->run(QStringLiteral("CREATE TABLE %1 (id TEXT)").arg(QString::fromLatin1(table))));
        QVERIFY((*database)->run(
            QStringLiteral("INSERT INTO %1 (id) VALUES ('mine')").arg(QString::fromLatin1(table))));
    }
    GATEHOUSE_VERIFY_OK(migrate(**database, target));
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_users")), 0);
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM users")), 1);
}

void TestMigrations::manyAtOnce()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const auto database = Database::open(target);
            if (!database || !migrate(**database, target))
                ++failures;
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(failures.load(), 0);
    const auto database = Database::open(target);
    QVERIFY(database);
    QCOMPARE(versionRows(**database), 2);
}

void TestMigrations::newerSchemaIsRefused()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database && makeOld(**database, 1000));
    const auto refused = migrate(**database, target);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::InvalidRequest);
    QVERIFY(refused.error().message.contains(QStringLiteral("1000")));
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), -1);
}

void TestMigrations::failedStepLeavesNothing()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database && (*database)->run(QStringLiteral("CREATE TABLE gatehouse_notes (mine TEXT)")));
    QVERIFY(!migrate(**database, target));
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), -1);
    QCOMPARE(versionRows(**database), -1);
    QVERIFY((*database)->run(QStringLiteral("DROP TABLE gatehouse_notes")));
    GATEHOUSE_VERIFY_OK(migrate(**database, target));
}

void TestMigrations::olderFileIsCopiedFirst()
{
    const auto target = m_engines.fresh(false);
    const auto database = Database::open(*target);
    QVERIFY(database && makeOld(**database, 0));
    QVERIFY((*database)->run(QStringLiteral("CREATE TABLE mine AS SELECT 42 AS n")));
    GATEHOUSE_VERIFY_OK(migrate(**database, *target));
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), 0);

    DatabaseTarget copy = *target;
    copy.file += QStringLiteral(".before-0");
    QVERIFY(QFileInfo::exists(copy.file));
    QCOMPARE(QFileInfo(copy.file).permissions() & (QFile::ReadGroup | QFile::ReadOther),
             QFile::Permissions());
    const auto before = Database::open(copy);
    GATEHOUSE_VERIFY_OK(before);
    QCOMPARE(numberOf(**before, QStringLiteral("SELECT n FROM mine")), 42);
    QCOMPARE(numberOf(**before, QStringLiteral("SELECT max(version) FROM gatehouse_schema_version")), 0);
    QCOMPARE(numberOf(**before, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), -1);

    // Only once: nothing is older any more.
    QVERIFY(QFile::remove(copy.file));
    GATEHOUSE_VERIFY_OK(migrate(**database, *target));
    QVERIFY(!QFileInfo::exists(copy.file));
    const QStringList left = QFileInfo(target->file).dir().entryList({QStringLiteral("*before*X*")});
    QVERIFY(left.isEmpty());
}

void TestMigrations::copyThatCannotBeMadeStopsTheUpgrade()
{
    const auto target = m_engines.fresh(false);
    const auto database = Database::open(*target);
    QVERIFY(database && makeOld(**database, 0));
    const QString obstacle = target->file + QStringLiteral(".before-0");
    QVERIFY(QDir().mkpath(obstacle + QStringLiteral("/inside")));
    const auto refused = migrate(**database, *target);
    QVERIFY(!refused);
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_keys")), -1);
    QCOMPARE(QDir(m_engines.folder()).entryList({QFileInfo(obstacle).fileName() + QStringLiteral(".*")}),
             QStringList());
}

void TestMigrations::firstVersionGetsSessions()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database && migrate(**database, target));
    // What the second step has made, taken away again, is the first version.
    for (const char *sql :
         {"DROP TABLE IF EXISTS gatehouse_word_list", "DROP TABLE IF EXISTS gatehouse_words",
          "DROP TABLE gatehouse_messages", "DROP TABLE gatehouse_sessions",
          "DELETE FROM gatehouse_schema_version WHERE version > 1"})
        GATEHOUSE_VERIFY_OK((*database)->run(QString::fromLatin1(sql)));
    KeyRecord key{.id = "key", .name = QStringLiteral("mine"), .hash = QByteArray(32, 'h')};
    GATEHOUSE_VERIFY_OK(KeyRepository(**database).add(key));
    const std::vector<LedgerRow> rows(3, LedgerRow{.requestId = "req", .keyId = "key", .method = "GET"});
    GATEHOUSE_VERIFY_OK((*database)->inTransaction([&] { return Ledger(**database).append(rows); }));

    GATEHOUSE_VERIFY_OK(migrate(**database, target));
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT max(version) FROM gatehouse_schema_version")), 2);
    QCOMPARE(onPostgres, !QFileInfo::exists(target.file + QStringLiteral(".before-1")));
    const auto found = KeyRepository(**database).find("key");
    QVERIFY(found && *found == key);
    QCOMPARE(numberOf(**database, QStringLiteral("SELECT count(*) FROM gatehouse_requests")), 3);
    SessionRepository sessions(**database);
    GATEHOUSE_VERIFY_OK(
        sessions.append({"key", "s"}, QStringLiteral("t"), {{.role = "user", .text = "hello"}}));
    const auto page = sessions.search({.owner = "key", .words = QStringLiteral("hello")});
    QVERIFY(page && page->hits.size() == 1);
}

void TestMigrations::notes()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database && migrate(**database, target));
    auto none = note(**database, QStringLiteral("salt"));
    QVERIFY(none && !*none);
    for (const char *text : {"first", "", "\xe2\x82\xac"}) {
        GATEHOUSE_VERIFY_OK(setNote(**database, QStringLiteral("salt"), QString::fromUtf8(text)));
        auto read = note(**database, QStringLiteral("salt"));
        QVERIFY(read && *read);
        QCOMPARE(**read, QString::fromUtf8(text));
    }
}

QTEST_GUILESS_MAIN(TestMigrations)
#include "tst_migrations.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// DATABASE_URL, as the predecessors' users have it in their environment.
#include "store/database_target.h"

#include <QTest>

using namespace gatehouse;

class TestDatabaseTarget : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void postgresAddresses_data();
    void postgresAddresses();
    void sqliteFiles_data();
    void sqliteFiles();
    void refusals_data();
    void refusals();
};

void TestDatabaseTarget::postgresAddresses_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("user");
    QTest::addColumn<QByteArray>("password");
    QTest::addColumn<QString>("options");
    const auto row = [](const char *title, const char *url, const char *host, int port, const char *name,
                        const char *user = "", const char *password = "", const char *options = "") {
        QTest::newRow(title) << QString::fromUtf8(url) << QString::fromUtf8(host) << port
                             << QString::fromUtf8(name) << QString::fromUtf8(user) << QByteArray(password)
                             << QString::fromUtf8(options);
    };
    row("everything", "postgresql://ann:pw@db.lan:6543/gate?sslmode=require", "db.lan", 6543, "gate", "ann",
        "pw", "sslmode='require'");
    row("asyncpg", "postgresql+asyncpg://ann:pw@db/gate", "db", 5432, "gate", "ann", "pw");
    row("asyncpg's ssl", "postgresql+asyncpg://db/gate?ssl=true", "db", 5432, "gate", "", "",
        "sslmode='require'");
    row("short scheme", "postgres://db/gate", "db", 5432, "gate");
    row("scheme in capitals", " POSTGRES://db/gate ", "db", 5432, "gate");
    row("no host", "postgresql:///gate", "localhost", 5432, "gate");
    row("no password", "postgresql://ann@db/gate", "db", 5432, "gate", "ann");
    row("IPv6", "postgresql://ann:pw@[::1]:5433/gate", "::1", 5433, "gate", "ann", "pw");
    row("percent signs", "postgresql://a%40b:p%3Aw%2F%40%C3%A9@db/ga%20te", "db", 5432, "ga te", "a@b",
        "p:w/@\xc3\xa9");
    row("password as SQLAlchemy takes it", "postgresql://ann:a/b?c#d:e@db/gate", "db", 5432, "gate", "ann",
        "a/b?c#d:e");
    row("socket's folder as host", "postgresql://ann@%2Frun%2Fpostgresql/gate", "/run/postgresql", 5432,
        "gate", "ann");
    row("socket's folder as parameter", "postgresql:///gate?host=/run/postgresql&port=5433",
        "/run/postgresql", 5433, "gate");
    row("parameters", "postgresql://db/gate?user=ann&password=p%26w&sslmode=disable&application_name=a%20'b",
        "db", 5432, "gate", "ann", "p&w", "sslmode='disable';application_name='a \\'b'");
    row("foreign parameters are left out", "postgresql+asyncpg://db/gate?prepared_statement_cache_size=0",
        "db", 5432, "gate");
}

void TestDatabaseTarget::postgresAddresses()
{
    QFETCH(const QString, url);
    const auto target = parseDatabaseUrl(url, QStringLiteral("/data"));
    QVERIFY2(target, target ? "" : qPrintable(target.error().message));
    QCOMPARE(target->engine, SqlEngine::PostgreSql);
    QTEST(target->host, "host");
    QTEST(target->port, "port");
    QTEST(target->name, "name");
    QTEST(target->user, "user");
    QTEST(target->password.reveal(), "password");
    QTEST(target->options, "options");
}

void TestDatabaseTarget::sqliteFiles_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("file");
    QTest::newRow("none") << QString() << QStringLiteral("/data/gatehouse.db");
    QTest::newRow("blank") << QStringLiteral("  ") << QStringLiteral("/data/gatehouse.db");
    QTest::newRow("relative") << QStringLiteral("sqlite:///own.db") << QStringLiteral("/data/own.db");
    QTest::newRow("dotted") << QStringLiteral("sqlite:///./own.db") << QStringLiteral("/data/own.db");
    QTest::newRow("absolute") << QStringLiteral("sqlite:////srv/a.db") << QStringLiteral("/srv/a.db");
    QTest::newRow("aiosqlite") << QStringLiteral("sqlite+aiosqlite:///a%20b.db")
                               << QStringLiteral("/data/a b.db");
}

void TestDatabaseTarget::sqliteFiles()
{
    QFETCH(const QString, url);
    const auto target = parseDatabaseUrl(url, QStringLiteral("/data"));
    QVERIFY(target);
    QCOMPARE(target->engine, SqlEngine::Sqlite);
    QTEST(target->file, "file");
}

void TestDatabaseTarget::refusals_data()
{
    QTest::addColumn<QString>("url");
    for (const char *url : {"hunter2",
                            "mysql://ann:hunter2@db/gate",
                            "postgresql:ann:hunter2",
                            "postgresql://ann:hunter2@db",
                            "postgresql://ann:hunter2@db/",
                            "postgresql://ann:hunter2@db:port/gate",
                            "postgresql://ann:hunter2@db:0/gate",
                            "postgresql://ann:hunter2@db:65536/gate",
                            "postgresql://ann:hunter2@db/gate?passfile=/etc/shadow",
                            "postgresql://ann:hunter2@db/gate?sslmode",
                            "postgresql://ann:hunter2@db/gate?=x",
                            "postgresql://ann:hunter2@[::1/gate",
                            "postgresql://ann:hunter2@db/gate?sslmode=a;password=b",
                            "postgresql://ann:hunter2@db/gate?options=%00",
                            "sqlite://",
                            "sqlite:///",
                            "sqlite:///:memory:",
                            "sqlite://hunter2/file",
                            "sqlite:///folder/",
                            "sqlite:///a.db?mode=ro",
                            "sqlite:///a%00b"})
        QTest::newRow(url) << QString::fromUtf8(url);
}

void TestDatabaseTarget::refusals()
{
    QFETCH(const QString, url);
    const auto target = parseDatabaseUrl(url, QStringLiteral("/data"));
    QVERIFY(!target);
    QCOMPARE(target.error().code, ErrorCode::InvalidRequest);
    QVERIFY(!target.error().message.isEmpty());
    QVERIFY(!target.error().message.contains(QLatin1String("hunter2")));
    QVERIFY(!target.error().detail.contains(QLatin1String("hunter2")));
}

QTEST_GUILESS_MAIN(TestDatabaseTarget)
#include "tst_database_target.moc"

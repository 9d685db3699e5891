// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_hasher.h"
#include "unit/cli/access_console.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;

class KeyCommandsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void addPrintsTheKeyAloneAndKeepsItsHash();
    void addKeepsEverythingThatWasAsked();
    void addRefusesOddInput_data();
    void addRefusesOddInput();
    void runningServersNoticeEachChange();
    void listShowsStates();
    void listAsJsonHasEveryField();
    void anEmptyListPrintsNothing();
    void revokeTakesIdsAndNames();
    void revokeAsksWhichOfSeveral();
    void revokeRefusesTheUnknown_data();
    void revokeRefusesTheUnknown();
    void mistakesInTheConfigurationAreTold();
    void aWrongDatabaseUrlIsToldWithoutIt();
    void anotherHashSecretIsRefused();
    void secretsThatOthersCanReadAreRefused();
    void theDataDirectoryIsTheOwners();
};

namespace {

QString added(const ConsoleFixture &fixture, const char *name, CallerRole role = CallerRole::User)
{
    return fixture.run(KeyAdd{.name = QString::fromUtf8(name), .role = role}).out.trimmed();
}

} // namespace

void KeyCommandsTest::addPrintsTheKeyAloneAndKeepsItsHash()
{
    const ConsoleFixture fixture;
    const Ran ran = fixture.run(KeyAdd{.name = QStringLiteral(" kiosk ")});
    QVERIFY2(ran.code == ExitSuccess, qPrintable(ran.err));
    QVERIFY2(QRegularExpression(QStringLiteral("\\Agh_[A-Za-z0-9_-]{43}\\n\\z")).match(ran.out).hasMatch(),
             qPrintable(ran.out));
    QVERIFY(ran.err.contains(QStringLiteral("kiosk")));
    QVERIFY(!ran.err.contains(ran.out.trimmed()));

    const QList<KeyRecord> keys = fixture.keys();
    QCOMPARE(keys.size(), 1);
    const Result<Secret> secret = keptSecret(fixture.dataDir(), QStringLiteral("key-hash.secret"));
    QVERIFY(secret);
    QCOMPARE(keys.first().hash, KeyHasher(*secret).hash(ran.out.trimmed().toLatin1()));
    QCOMPARE(keys.first().name, QStringLiteral("kiosk"));
    QVERIFY(ran.err.contains(QString::fromLatin1(keys.first().id)));
    QVERIFY(keys.first().role == CallerRole::User);
    QVERIFY(keys.first().isActive);
    QVERIFY(keys.first().createdAt == fixture.clock.wallNow());
    QVERIFY(keys.first().limits == KeyLimits());
    QVERIFY(!keys.first().expiresAt);
}

void KeyCommandsTest::addKeepsEverythingThatWasAsked()
{
    const ConsoleFixture fixture;
    const KeyLimits limits{.requestsPerHour = 1,
                           .requestsPerMinute = 2,
                           .tokensPerMinute = 3,
                           .maxConcurrent = 4,
                           .monthlyTokens = 5'000'000'000};
    const Ran ran = fixture.run(KeyAdd{.name = QStringLiteral("Zoë"),
                                       .role = CallerRole::Admin,
                                       .limits = limits,
                                       .models = {QStringLiteral("a/b"), QStringLiteral(" c ")},
                                       .expires = QStringLiteral("30d")});
    QVERIFY2(ran.code == ExitSuccess, qPrintable(ran.err));
    const KeyRecord key = fixture.keys().first();
    QCOMPARE(key.name, QStringLiteral("Zoë"));
    QVERIFY(key.role == CallerRole::Admin);
    QVERIFY(key.limits == limits);
    QCOMPARE(key.models, QStringList({QStringLiteral("a/b"), QStringLiteral("c")}));
    QVERIFY(key.expiresAt == fixture.clock.wallNow() + std::chrono::days(30));
}

void KeyCommandsTest::addRefusesOddInput_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("models");
    QTest::addColumn<QString>("expires");
    const QString good = QStringLiteral("kiosk");
    for (const char *name : {"", "  ", "a\nb", "a\x1b[31m"})
        QTest::addRow("name %s", name) << QString::fromUtf8(name) << QString() << QString();
    for (const char *models : {",", "a,", ",a", "a,,b", " "})
        QTest::addRow("models '%s'", models) << good << QString::fromUtf8(models) << QString();
    for (const char *expires : {"yesterday", "2001-01-01", "0d", "30"})
        QTest::addRow("expires %s", expires) << good << QString() << QString::fromUtf8(expires);
}

void KeyCommandsTest::addRefusesOddInput()
{
    QFETCH(QString, name);
    QFETCH(QString, models);
    QFETCH(QString, expires);
    const ConsoleFixture fixture;
    KeyAdd asked{.name = name};
    if (!models.isEmpty())
        asked.models = models.split(QChar(u','));
    if (!expires.isEmpty())
        asked.expires = expires;
    const Ran ran = fixture.run(asked);
    QCOMPARE(ran.code, ExitUsage);
    QVERIFY(ran.out.isEmpty());
    QVERIFY2(ran.err.startsWith(QStringLiteral("gatehouse: ")) && ran.err.endsWith(QChar(u'\n')),
             qPrintable(ran.err));
    QVERIFY(!QFileInfo::exists(fixture.dataDir())); // Nothing was begun.
}

void KeyCommandsTest::runningServersNoticeEachChange()
{
    const ConsoleFixture fixture;
    const auto version = [&fixture] {
        return accessVersion(*fixture.open()).value_or(-1);
    };
    const QString key = added(fixture, "one");
    const qint64 before = version();
    added(fixture, "two");
    const qint64 after = version();
    QVERIFY(after > before);
    QCOMPARE(fixture.run(KeyList{}).code, ExitSuccess);
    QCOMPARE(version(), after);
    QCOMPARE(fixture.run(KeyRevoke{QStringLiteral("one")}).code, ExitSuccess);
    QVERIFY(version() > after);
}

void KeyCommandsTest::listShowsStates()
{
    ConsoleFixture fixture;
    const QString secret = added(fixture, "first");
    fixture.clock.advance(std::chrono::milliseconds(1));
    fixture.run(KeyAdd{.name = QStringLiteral("second, with a longer name"),
                       .role = CallerRole::Admin,
                       .limits = {.requestsPerMinute = 60},
                       .models = {QStringLiteral("a"), QStringLiteral("b")},
                       .expires = QStringLiteral("1h")});
    fixture.clock.advance(std::chrono::hours(1));
    added(fixture, "third");
    fixture.run(KeyRevoke{QStringLiteral("first")});
    const Ran ran = fixture.run(KeyList{});
    QCOMPARE(ran.code, ExitSuccess);
    const QStringList lines = ran.out.split(QChar(u'\n'));
    QCOMPARE(lines.size(), 5); // A heading, three keys, and what is after the last line feed.
    QVERIFY(lines.at(4).isEmpty());
    for (const char *column : {"NAME", "ROLE", "STATE", "EXPIRES"}) {
        const qsizetype at = lines.first().indexOf(QString::fromLatin1(column));
        for (int i = 1; i <= 3; ++i) // Each cell begins where its heading does.
            QVERIFY2(lines.at(i).at(at - 1) == QChar(u' ') && lines.at(i).at(at) != QChar(u' '),
                     qPrintable(ran.out));
    }
    QVERIFY(lines.at(1).contains(QRegularExpression(QStringLiteral("first +user +revoked +- +- +- +-"))));
    QVERIFY2(lines.at(2).contains(QRegularExpression(QStringLiteral(
                 "second, with a longer name +admin +expired +2027-01-15T09:00:00Z +- +rpm=60 +a,b"))),
             qPrintable(lines.at(2)));
    QVERIFY(lines.at(3).contains(QRegularExpression(QStringLiteral("third +user +active"))));
    QVERIFY(!ran.out.contains(secret));
}

void KeyCommandsTest::listAsJsonHasEveryField()
{
    const ConsoleFixture fixture;
    QCOMPARE(QJsonDocument::fromJson(fixture.run(KeyList{.json = true}).out.toUtf8()).array(), QJsonArray());
    const QString secret = added(fixture, "kiosk", CallerRole::Admin);
    const Ran ran = fixture.run(KeyList{.json = true});
    QCOMPARE(ran.code, ExitSuccess);
    QVERIFY(ran.err.isEmpty());
    const QJsonArray keys = QJsonDocument::fromJson(ran.out.toUtf8()).array();
    QCOMPARE(keys.size(), 1);
    QJsonObject key = keys.first().toObject();
    QCOMPARE(key.take(QStringLiteral("id")).toString().toLatin1(), fixture.keys().first().id);
    const QJsonValue null(QJsonValue::Null);
    QCOMPARE(key, QJsonObject({{QStringLiteral("name"), QStringLiteral("kiosk")},
                               {QStringLiteral("role"), QStringLiteral("admin")},
                               {QStringLiteral("is_active"), true},
                               {QStringLiteral("rate_limit"), null},
                               {QStringLiteral("rpm"), null},
                               {QStringLiteral("tpm"), null},
                               {QStringLiteral("max_concurrent"), null},
                               {QStringLiteral("monthly_tokens"), null},
                               {QStringLiteral("models"), QJsonArray()},
                               {QStringLiteral("expires_at"), null},
                               {QStringLiteral("created_at"), QStringLiteral("2027-01-15T08:00:00Z")},
                               {QStringLiteral("last_used_at"), null}}));
    QVERIFY(!ran.out.contains(secret));
}

void KeyCommandsTest::anEmptyListPrintsNothing()
{
    const ConsoleFixture fixture;
    const Ran ran = fixture.run(KeyList{});
    QCOMPARE(ran.code, ExitSuccess);
    QVERIFY(ran.out.isEmpty());
    QVERIFY(!ran.err.isEmpty());
}

void KeyCommandsTest::revokeTakesIdsAndNames()
{
    ConsoleFixture fixture;
    added(fixture, "one");
    fixture.clock.advance(std::chrono::milliseconds(1));
    added(fixture, "two");
    const QByteArray first = fixture.keys().first().id;
    QCOMPARE(fixture.run(KeyRevoke{QString::fromLatin1(first)}).code, ExitSuccess);
    QCOMPARE(fixture.run(KeyRevoke{QStringLiteral("two")}).code, ExitSuccess);
    const QList<KeyRecord> keys = fixture.keys();
    QCOMPARE(keys.size(), 2);
    QVERIFY(!keys.at(0).isActive && !keys.at(1).isActive);
    const Ran again = fixture.run(KeyRevoke{QStringLiteral("two")});
    QCOMPARE(again.code, ExitSuccess);
    QVERIFY(again.out.isEmpty());
}

void KeyCommandsTest::revokeAsksWhichOfSeveral()
{
    const ConsoleFixture fixture;
    for (int i = 0; i < 3; ++i)
        added(fixture, "twin");
    QList<KeyRecord> keys = fixture.keys();
    const Ran unclear = fixture.run(KeyRevoke{QStringLiteral("twin")});
    QCOMPARE(unclear.code, ExitFailure);
    for (const KeyRecord &key : keys) {
        QVERIFY(unclear.err.contains(QString::fromLatin1(key.id)));
        QVERIFY(key.isActive);
    }
    QCOMPARE(fixture.run(KeyRevoke{QString::fromLatin1(keys.at(0).id)}).code, ExitSuccess);
    QCOMPARE(fixture.run(KeyRevoke{QStringLiteral("twin")}).code, ExitFailure);
    QCOMPARE(fixture.run(KeyRevoke{QString::fromLatin1(keys.at(1).id)}).code, ExitSuccess);
    QCOMPARE(fixture.run(KeyRevoke{QStringLiteral("twin")}).code, ExitSuccess); // Only one works any more.
    keys = fixture.keys();
    QVERIFY(std::none_of(keys.begin(), keys.end(), [](const KeyRecord &key) { return key.isActive; }));
}

void KeyCommandsTest::revokeRefusesTheUnknown_data()
{
    QTest::addColumn<QString>("key");
    for (const char *key : {"", "kios", "Kiosk", "%", "' OR 1=1 --", "00000000-0000-4000-8000-000000000000"})
        QTest::addRow("%s", key) << QString::fromLatin1(key);
}

void KeyCommandsTest::revokeRefusesTheUnknown()
{
    QFETCH(QString, key);
    const ConsoleFixture fixture;
    added(fixture, "kiosk");
    const Ran ran = fixture.run(KeyRevoke{key});
    QCOMPARE(ran.code, ExitFailure);
    QVERIFY(ran.err.contains(key));
    QVERIFY(fixture.keys().first().isActive);
}

void KeyCommandsTest::mistakesInTheConfigurationAreTold()
{
    ConsoleFixture fixture;
    fixture.config.writeConfig("[server]\nprt = 2\n");
    const QList<AccessAction> actions{
        KeyAdd{.name = QStringLiteral("k")},  KeyList{},  KeyRevoke{QStringLiteral("k")},
        UserAdd{.name = QStringLiteral("u")}, UserList{}, UserRemove{QStringLiteral("u")}};
    for (const AccessAction &action : actions) {
        const Ran ran = fixture.run(action, "correct horse\n");
        QCOMPARE(ran.code, ExitUsage);
        QVERIFY2(ran.err.contains(QStringLiteral("gatehouse.toml:2")), qPrintable(ran.err));
        QVERIFY(ran.out.isEmpty());
        QVERIFY(!QFileInfo::exists(fixture.dataDir()));
    }
}

void KeyCommandsTest::aWrongDatabaseUrlIsToldWithoutIt()
{
    ConsoleFixture fixture;
    fixture.config.setVariable("DATABASE_URL", "mysql://me:hidden@box/db");
    const Ran ran = fixture.run(KeyList{});
    QVERIFY(ran.code == ExitUsage || ran.code == ExitFailure);
    QVERIFY(!ran.err.isEmpty());
    QVERIFY2(!ran.err.contains(QStringLiteral("hidden")), qPrintable(ran.err));
}

void KeyCommandsTest::anotherHashSecretIsRefused()
{
    const ConsoleFixture fixture;
    added(fixture, "kiosk");
    QVERIFY(QFile::remove(fixture.dataDir() + QStringLiteral("/key-hash.secret")));
    const Ran ran = fixture.run(KeyAdd{.name = QStringLiteral("other")});
    QCOMPARE(ran.code, ExitFailure);
    QVERIFY(ran.out.isEmpty());
    QVERIFY2(ran.err.contains(QStringLiteral("key-hash.secret")), qPrintable(ran.err));
    QCOMPARE(fixture.keys().size(), 1);
}

void KeyCommandsTest::secretsThatOthersCanReadAreRefused()
{
    const ConsoleFixture fixture;
    added(fixture, "kiosk");
    QFile file(fixture.dataDir() + QStringLiteral("/key-hash.secret"));
    QVERIFY(file.setPermissions(file.permissions() | QFile::ReadGroup));
    const Ran ran = fixture.run(KeyAdd{.name = QStringLiteral("other")});
    QCOMPARE(ran.code, ExitFailure);
    QVERIFY2(ran.err.contains(QStringLiteral("chmod 600")), qPrintable(ran.err));
}

void KeyCommandsTest::theDataDirectoryIsTheOwners()
{
    const ConsoleFixture fixture;
    added(fixture, "kiosk");
    constexpr auto owners = QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner;
    constexpr auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther |
                            QFile::WriteOther | QFile::ExeOther;
    const QFile::Permissions folder = QFileInfo(fixture.dataDir()).permissions();
    QCOMPARE(folder & owners, QFile::Permissions(owners));
    QCOMPARE(folder & others, QFile::Permissions());
    const QFileInfoList files = QDir(fixture.dataDir()).entryInfoList(QDir::Files | QDir::Hidden);
    QVERIFY(files.size() >= 3);
    for (const QFileInfo &file : files)
        QVERIFY2((file.permissions() & others) == QFile::Permissions(), qPrintable(file.filePath()));
}

QTEST_GUILESS_MAIN(KeyCommandsTest)
#include "tst_key_commands.moc"

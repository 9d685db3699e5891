// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/password.h"
#include "unit/cli/access_console.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse;

class UserCommandsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void addKeepsTheHashOfTheLineThatWasRead_data();
    void addKeepsTheHashOfTheLineThatWasRead();
    void addRefusesOddInput_data();
    void addRefusesOddInput();
    void addRefusesANameThatIsTakenBeforeItReads();
    void listShowsUsers();
    void removeTakesTheNameOnly_data();
    void removeTakesTheNameOnly();
    void runningServersNoticeEachChange();
};

void UserCommandsTest::addKeepsTheHashOfTheLineThatWasRead_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("password");
    QTest::newRow("line") << QByteArray("correct horse\n") << QByteArray("correct horse");
    QTest::newRow("no line feed") << QByteArray("correct horse") << QByteArray("correct horse");
    QTest::newRow("DOS") << QByteArray("correct horse\r\n") << QByteArray("correct horse");
    QTest::newRow("two lines") << QByteArray("correct horse\nother\n") << QByteArray("correct horse");
    QTest::newRow("spaces") << QByteArray("  correct horse \n") << QByteArray("  correct horse ");
    QTest::newRow("UTF-8") << QByteArray("p\xc3\xa4sswort\n") << QByteArray("p\xc3\xa4sswort");
}

void UserCommandsTest::addKeepsTheHashOfTheLineThatWasRead()
{
    QFETCH(QByteArray, input);
    QFETCH(QByteArray, password);
    const ConsoleFixture fixture;
    const Ran ran = fixture.run(UserAdd{.name = QStringLiteral("zoë"), .role = CallerRole::Admin}, input);
    QVERIFY2(ran.code == ExitSuccess, qPrintable(ran.err));
    QVERIFY(ran.out.isEmpty());
    QVERIFY(!ran.err.contains(QString::fromUtf8(password)));
    const QList<UserRecord> users = fixture.users();
    QCOMPARE(users.size(), 1);
    QCOMPARE(users.first().name, QStringLiteral("zoë"));
    QVERIFY(users.first().role == CallerRole::Admin);
    QVERIFY(users.first().isActive);
    QVERIFY(verifyPassword(users.first().passwordHash, Secret(password)));
}

void UserCommandsTest::addRefusesOddInput_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("input");
    const QString good = QStringLiteral("zoe");
    QTest::newRow("no name") << QString() << QByteArray("correct horse\n");
    QTest::newRow("control character") << QStringLiteral("a\tb") << QByteArray("correct horse\n");
    QTest::newRow("nothing on standard input") << good << QByteArray();
    QTest::newRow("empty line") << good << QByteArray("\n");
    QTest::newRow("too short") << good << QByteArray("secre7!\n");
    QTest::newRow("too long") << good << QByteArray(1025, 'a') + '\n';
    QTest::newRow("endless") << good << QByteArray(60000, 'a');
}

void UserCommandsTest::addRefusesOddInput()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, input);
    const ConsoleFixture fixture;
    fixture.run(UserList{}); // So that there is a database to look into.
    const Ran ran = fixture.run(UserAdd{.name = name}, input);
    QCOMPARE(ran.code, ExitUsage);
    QVERIFY(ran.out.isEmpty());
    QVERIFY(!ran.err.isEmpty());
    QVERIFY(!ran.err.contains(QStringLiteral("secre7")));
    QVERIFY(fixture.users().isEmpty());
}

void UserCommandsTest::addRefusesANameThatIsTakenBeforeItReads()
{
    const ConsoleFixture fixture;
    QCOMPARE(fixture.run(UserAdd{.name = QStringLiteral("zoe")}, "correct horse\n").code, ExitSuccess);
    const Ran ran = fixture.run(UserAdd{.name = QStringLiteral(" zoe ")}); // No password there to be read.
    QCOMPARE(ran.code, ExitFailure);
    QVERIFY2(ran.err.contains(QStringLiteral("zoe")) && !ran.err.contains(QStringLiteral("password")),
             qPrintable(ran.err));
    QCOMPARE(fixture.users().size(), 1);
}

void UserCommandsTest::listShowsUsers()
{
    const ConsoleFixture fixture;
    const Ran none = fixture.run(UserList{});
    QCOMPARE(none.code, ExitSuccess);
    QVERIFY(none.out.isEmpty() && !none.err.isEmpty());
    fixture.run(UserAdd{.name = QStringLiteral("zoe"), .role = CallerRole::Admin}, "correct horse\n");
    fixture.run(UserAdd{.name = QStringLiteral("al")}, "correct horse\n");
    const Ran ran = fixture.run(UserList{});
    QCOMPARE(ran.code, ExitSuccess);
    QVERIFY(ran.err.isEmpty());
    QVERIFY2(ran.out.contains(QRegularExpression(QStringLiteral("\\bzoe +admin +active +-\n"))),
             qPrintable(ran.out));
    QVERIFY2(ran.out.contains(QRegularExpression(QStringLiteral("\\bal +user +active +-\n"))),
             qPrintable(ran.out));
    QVERIFY(!ran.out.contains(QStringLiteral("argon2")));
}

void UserCommandsTest::removeTakesTheNameOnly_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isRemoved");
    for (const char *name : {"", "zo", "Zoe", "zoe2", "%"})
        QTest::addRow("%s", name) << QString::fromLatin1(name) << false;
    QTest::newRow("zoe") << QStringLiteral("zoe") << true;
}

void UserCommandsTest::removeTakesTheNameOnly()
{
    QFETCH(QString, name);
    QFETCH(bool, isRemoved);
    const ConsoleFixture fixture;
    fixture.run(UserAdd{.name = QStringLiteral("zoe")}, "correct horse\n");
    const Ran ran = fixture.run(UserRemove{name});
    QCOMPARE(ran.code, isRemoved ? ExitSuccess : ExitFailure);
    QVERIFY(ran.err.contains(name));
    QCOMPARE(fixture.users().isEmpty(), isRemoved);
    QCOMPARE(fixture.run(UserRemove{name}).code, ExitFailure);
}

void UserCommandsTest::runningServersNoticeEachChange()
{
    const ConsoleFixture fixture;
    const auto version = [&fixture] {
        return accessVersion(*fixture.open()).value_or(-1);
    };
    fixture.run(UserList{});
    const qint64 before = version();
    fixture.run(UserAdd{.name = QStringLiteral("zoe")}, "correct horse\n");
    const qint64 after = version();
    QVERIFY(after > before);
    fixture.run(UserRemove{QStringLiteral("zoe")});
    QVERIFY(version() > after);
}

QTEST_GUILESS_MAIN(UserCommandsTest)
#include "tst_user_commands.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/dot_env.h"

#include <QTest>

using namespace gatehouse;

class DotEnvTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void values_data();
    void values();
    void badStatements_data();
    void badStatements();
    void linesAreCounted();
    void badStatementCostsItsLineOnly();
};

void DotEnvTest::values_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("value");
    const auto row = [](const char *name, const QByteArray &text, const char *value) {
        QTest::newRow(name) << text << QString::fromUtf8(value);
    };
    row("plain", "A=b", "b");
    row("white space around", "  A \t = \t b \t\n", "b");
    row("inner white space", "A=b  c", "b  c");
    row("equal sign inside", "A=b=c", "b=c");
    row("empty", "A=", "");
    row("export", "export A=b", "b");
    row("export, much white space", "export \t A=b", "b");
    row("export of a comment", "export # x\nA=b", "b");
    row("quoted name", "'A'=b", "b");
    row("comment", "A=b # c", "b");
    row("comment after a tab", "A=b\t# c", "b");
    row("no comment without white space", "A=b#c", "b#c");
    row("hash at once", "A=#b", "#b");
    row("nothing but a comment", "A= # b", "");
    row("single quotes", "A='b c'", "b c");
    row("double quotes", "A=\"b c\"", "b c");
    row("empty quotes", "A=''", "");
    row("comment behind quotes", "A='b' # c", "b");
    row("comment right behind quotes", "A='b'# c", "b");
    row("hash inside quotes", "A=\"b # c\"", "b # c");
    row("single quote escapes", R"(A='b\'c\\d\n\"')", R"(b'c\d\n\")");
    row("double quote escapes", R"(A="b\"c\\d\'\te\x")", "b\"c\\d'\te\\x");
    row("all control escapes", R"(A="\a\b\f\n\r\t\v")", "\a\b\f\n\r\t\v");
    row("unquoted text has no escapes", R"(A=b\nc)", R"(b\nc)");
    row("lines inside quotes", "A=\"b\nc\"", "b\nc");
    row("a folder's name in quotes", R"(A='C:\folder\')", R"(C:\folder\)");
    row("other quote inside", "A='b\"c'", "b\"c");
    row("quotes that begin late are text", "A=b'c'", "b'c'");
    row("no interpolation", "A=${HOME}/x", "${HOME}/x");
    row("JSON list", "A=[\"http://a\", \"http://b\"]", "[\"http://a\", \"http://b\"]");
    row("UTF-8", "A=käse→", "käse→");
    row("byte order mark",
        "\xef\xbb\xbf"
        "A=b",
        "b");
    row("CRLF", "A=b\r\n", "b");
    row("CR alone", "A=b\rB=c", "b");
    row("last line counts", "#x\n\n  # y\nA=b", "b");
}

void DotEnvTest::values()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, value);
    const DotEnvFile file = parseDotEnv(text);
    QCOMPARE(file.badLines, QList<int>());
    QVERIFY(!file.variables.isEmpty());
    QCOMPARE(file.variables.first().name, QStringLiteral("A"));
    QCOMPARE(file.variables.first().value, value);
}

void DotEnvTest::badStatements_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("line");
    QTest::newRow("no name") << QByteArray("=b") << 1;
    QTest::newRow("two words") << QByteArray("A=b\nB c") << 2;
    QTest::newRow("text behind quotes") << QByteArray("A='b' c") << 1;
    QTest::newRow("open single quote") << QByteArray("\n\nA='b\n") << 3;
    QTest::newRow("open double quote") << QByteArray("A=\"b") << 1;
    QTest::newRow("empty quoted name") << QByteArray("''=b") << 1;
    QTest::newRow("open quoted name") << QByteArray("'A=b") << 1;
    QTest::newRow("not UTF-8") << QByteArray("A=b\nB=\xff\n") << 2;
    QTest::newRow("after CRLF lines") << QByteArray("A=b\r\nB=c\r\n=d") << 3;
}

void DotEnvTest::badStatements()
{
    QFETCH(QByteArray, text);
    QFETCH(int, line);
    QCOMPARE(parseDotEnv(text).badLines, QList<int>{line});
}

void DotEnvTest::linesAreCounted()
{
    const DotEnvFile file = parseDotEnv("A=1\n\nB=\"x\ny\" # c\nC\nD=4\nA=5");
    QStringList places;
    for (const Variable &variable : file.variables)
        places.append(QStringLiteral("%1:%2").arg(variable.name).arg(variable.line));
    QCOMPARE(places, (QStringList{QStringLiteral("A:1"), QStringLiteral("B:3"), QStringLiteral("D:6"),
                                  QStringLiteral("A:7")}));
}

void DotEnvTest::badStatementCostsItsLineOnly()
{
    const DotEnvFile file = parseDotEnv("A='b' c\nB=d\n?? !!\nC=e");
    QCOMPARE(file.badLines, (QList<int>{1, 3}));
    QCOMPARE(file.variables.size(), 2);
    QCOMPARE(file.variables.last().value, QStringLiteral("e"));
}

QTEST_GUILESS_MAIN(DotEnvTest)
#include "tst_dot_env.moc"

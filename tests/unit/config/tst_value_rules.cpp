// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_value.h"
#include "config/table/value_rules.h"

#include <QTest>

#include <utility>
#include <vector>

using namespace gatehouse;

Q_DECLARE_METATYPE(TextRule)

namespace {

struct RuleCase
{
    const char *name;
    TextRule rule;
    std::vector<const char *> takes;                            ///< As they stand.
    std::vector<std::pair<const char *, const char *>> changes; ///< To their canonical spelling.
    std::vector<const char *> refuses;
};

const std::vector<RuleCase> ruleCases = {
    {"host",
     hostText,
     {"127.0.0.1", "0.0.0.0", "::", "::1", "localhost", "box.local", "my_box", "10-0-0-1.example"},
     {{"[::1]", "::1"}, {" ::2 ", "::2"}},
     {"", "a b", "http://a", "a:80", "1.2.3", "256.1.1.1", "1.2.3.4.5", "-a", "a..b", "a/b"}},
    {"origin",
     originText,
     {"*", "http://localhost:5173", "tauri://localhost", "http://[::1]:3000", "https://a:80"},
     {{"HTTPS://App.Example/", "https://app.example"},
      {"http://a:80", "http://a"},
      {"https://a:443", "https://a"}},
     {"app.example", "http://", "http://a/b", "http://a b", "http://u@a", "http://*.a", "null", "//a"}},
    {"network",
     networkText,
     {"10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "0.0.0.0/0"},
     {{" ::1 ", "::1"}},
     {"", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/x", "a/8", "10.0.0.0/8/8", "10.0.0.0/"}},
    {"upstream",
     upstreamText,
     {"http://box:8000/v1", "http://[::1]:11434"},
     {{"http://box:8000/v1/", "http://box:8000/v1"}, {" https://a ", "https://a"}},
     {"", "box:8000", "ftp://a", "http://", "http:///v1", "http://u:p@a", "http://u@a", "http://a?x=1",
      "http://a#x", "http://a:0", "http://a:99999", "http://a b", "/v1"}},
    {"route key", routeKeyText, {"box_7.b-1"}, {{" Box", "box"}}, {"", "_a", "a b", "a/b", "ä"}},
    {"credential", credentialText, {"", "sk-1_+/=~"}, {}, {"a b", "a\n", "ä", "\x7f"}},
    {"header name",
     headerNameText,
     {"X-Title", "a", "!#$%&'*+-.^_`|~9"},
     {},
     {"", "a b", "a:", "a\n", "ä", "(a)"}},
    {"header value",
     headerValueText,
     {"Gatehouse", "a b", "käse", "a: b, \"c\""},
     {},
     {"", " a", "a ", "a\n", "a\r\nb", "\tb", "a\tb", "\x7f"}},
    {"passphrase", passphraseText, {"", "a b", "käse", "#$%\"'"}, {}, {"a\n", "\x7f", "a\tb"}},
    {"database",
     databaseUrlText,
     {"", "postgresql://u:p@h:5432/d?sslmode=require", "postgres://h/d", "postgresql+asyncpg://u:p w#/@h/d",
      "sqlite:///a.db", "sqlite:////var/a.db", "sqlite+aiosqlite:///./a.db", "PostgreSQL://h/d"},
     {{" sqlite:///a ", "sqlite:///a"}},
     {"a.db", "mysql://h/d", "postgresql://", "postgresql:h/d", "sqlite://", "sqlite:///", "sqlite://a.db",
      "http://h/d", "postgresqlx://h/d", "postgresql+://h/d", "sqlite:///a\nb"}},
    {"redis",
     redisUrlText,
     {"redis://127.0.0.1:6379/0", "redis://:p@h", "redis://u:p@[::1]:1/2", "unix:///run/redis.sock",
      "unix://:p@/r.sock?db=1"},
     {{" redis://h ", "redis://h"}},
     {"", "h:6379", "redis://", "redis:///0", "rediss://h", "unix://", "unix:///", "unix://h/s",
      "redis://a b", "http://h"}},
    {"model", modelText, {"org/Model-7b:latest", "käse"}, {{" a ", "a"}}, {"", " ", "a\tb"}},
    {"path", pathText, {"/", "/v1/models"}, {}, {"", "v1", "/a b", "/ä"}},
};

} // namespace

class ValueRulesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void texts_data();
    void texts();
    void tooLongTexts();
    void booleans();
    void numbers();
    void lists_data();
    void lists();
    void tomlLiterals();
};

void ValueRulesTest::texts_data()
{
    QTest::addColumn<TextRule>("rule");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("canonical"); // Null: refused.
    for (const RuleCase &ruleCase : ruleCases) {
        for (const char *text : ruleCase.takes)
            QTest::addRow("%s: %s", ruleCase.name, text)
                << ruleCase.rule << QString::fromUtf8(text) << QString::fromUtf8(text);
        for (const auto &[text, canonical] : ruleCase.changes)
            QTest::addRow("%s: %s to %s", ruleCase.name, text, canonical)
                << ruleCase.rule << QString::fromUtf8(text) << QString::fromUtf8(canonical);
        for (const char *text : ruleCase.refuses)
            QTest::addRow("%s: not %s", ruleCase.name, text)
                << ruleCase.rule << QString::fromUtf8(text) << QString();
    }
}

void ValueRulesTest::texts()
{
    QFETCH(TextRule, rule);
    QFETCH(QString, text);
    QFETCH(QString, canonical);
    const auto accepted = rule(text);
    QCOMPARE(accepted.has_value(), !canonical.isNull());
    QCOMPARE(accepted.value_or(QString()), canonical);
}

void ValueRulesTest::tooLongTexts()
{
    const auto letters = [](qsizetype count) {
        return QString(count, QChar(u'a'));
    };
    QVERIFY(hostText(letters(63)) && !hostText(letters(64)));
    QVERIFY(routeKeyText(letters(64)) && !routeKeyText(letters(65)));
    QVERIFY(modelText(letters(256)) && !modelText(letters(257)));
    QVERIFY(credentialText(letters(4096)) && !credentialText(letters(4097)));
    QVERIFY(passphraseText(letters(4096)) && !passphraseText(letters(4097)));
    QVERIFY(!databaseUrlText(QStringLiteral("sqlite:///") + letters(4090)));
    QVERIFY(!redisUrlText(QStringLiteral("redis://") + letters(4090)));
    QVERIFY(fileText(letters(4096)) && !fileText(letters(4097)));
    QVERIFY(!fileText(QString(QChar(0))));
    QVERIFY(pathText(QStringLiteral("/") + letters(1023)) && !pathText(QStringLiteral("/") + letters(1024)));
}

void ValueRulesTest::booleans()
{
    for (const char *yes : {"true", "True", " yes ", "ON", "1", "t", "y"})
        QCOMPARE(boolOf(RawText{QString::fromLatin1(yes)}), std::optional(true));
    for (const char *no : {"false", "FALSE", "no", "off", "0", "f", "n"})
        QCOMPARE(boolOf(RawText{QString::fromLatin1(no)}), std::optional(false));
    for (const char *neither : {"", "2", "maybe", "truee"})
        QVERIFY(!boolOf(RawText{QString::fromLatin1(neither)}));
    QVERIFY(!boolOf(QStringLiteral("true"))); // In TOML, a text is no truth value.
    QVERIFY(!boolOf(qint64(1)));
}

void ValueRulesTest::numbers()
{
    QCOMPARE(integerOf(RawText{QStringLiteral(" 42 ")}), std::optional<qint64>(42));
    for (const char *text : {"", "4.5", "4x", "0x10", "1e3", "99999999999999999999"})
        QVERIFY(!integerOf(RawText{QString::fromLatin1(text)}));
    QVERIFY(!integerOf(4.0));
    QVERIFY(!integerOf(QStringLiteral("4")));
    QCOMPARE(numberOf(RawText{QStringLiteral("0.5")}), std::optional(0.5));
    QCOMPARE(numberOf(qint64(3)), std::optional(3.0));
    for (const char *text : {"nan", "inf", "-inf", "1,5", ""})
        QVERIFY(!numberOf(RawText{QString::fromLatin1(text)}));
    QVERIFY(!numberOf(qQNaN()));
    QVERIFY(!numberOf(qInf()));
}

void ValueRulesTest::lists_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("entries");
    const QStringList both{QStringLiteral("a"), QStringLiteral("b")};
    QTest::newRow("commas") << QStringLiteral("a,b") << both;
    QTest::newRow("commas and white space") << QStringLiteral(" a , b ,") << both;
    QTest::newRow("JSON") << QStringLiteral("[\"a\", \"b\"]") << both;
    QTest::newRow("empty JSON") << QStringLiteral("[]") << QStringList();
    QTest::newRow("one") << QStringLiteral("*") << QStringList{QStringLiteral("*")};
}

void ValueRulesTest::lists()
{
    QFETCH(QString, text);
    QFETCH(QStringList, entries);
    QCOMPARE(listOf(RawText{text}), std::optional(entries));
    for (const char *bad : {"[a]", "[1]", "[\"a\"", "[\"a\", null]"})
        QVERIFY(!listOf(RawText{QString::fromLatin1(bad)}));
    QVERIFY(!listOf(QStringLiteral("a"))); // In TOML, a list is written as one.
}

void ValueRulesTest::tomlLiterals()
{
    QCOMPARE(tomlText(QStringLiteral("a\"b\\c\n\x1b")), QStringLiteral("\"a\\\"b\\\\c\\u000a\\u001b\""));
    QCOMPARE(tomlText(2.0), QStringLiteral("2.0"));
    QCOMPARE(tomlText(0.7), QStringLiteral("0.7"));
    const QStringList list{QStringLiteral("a"), QStringLiteral("b")};
    QCOMPARE(tomlText(list), QStringLiteral("[\"a\", \"b\"]"));
}

QTEST_GUILESS_MAIN(ValueRulesTest)
#include "tst_value_rules.moc"

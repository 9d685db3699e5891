// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/json/document.h"
#include "dialects/json/text.h"
#include "dialects/json/writer.h"

#include <QJsonDocument>
#include <QTest>

#include <cmath>
#include <limits>

using namespace gatehouse::json;

using Status = Document::Status;
Q_DECLARE_METATYPE(Document::Status)

class TestJson : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void grammar_data();
    void grammar();
    void rawTextIsKept();
    void numbers_data();
    void numbers();
    void strings_data();
    void strings();
    void names();
    void iteration();
    void absence();
    void limits();
    void reuse();
    void largeText();
    void escaping_data();
    void escaping();
    void writer();
    void writerNumbers();
};

void TestJson::grammar_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    const auto good = [](const QByteArray &text) {
        QTest::newRow(("good " + text).constData()) << text << true;
    };
    const auto bad = [](const QByteArray &text) {
        QTest::newRow(("bad " + text).constData()) << text << false;
    };
    for (const char *text :
         {"{}", "[]", " [ ] ", "{\"a\":{}}", "[1,-0,0.5,1e5,1E+5,-1.25e-7,true,false,null]",
          "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"]", "\t{\r\n\"a\" : [ 1 , 2 ] }\n",
          "[123456789012345678901234567890]", "[\"\\ud83d\"]", "{\"\":0}", "[[[]],{}]"})
        good(text);
    for (const char *text : {"",
                             " ",
                             "{",
                             "}",
                             "[",
                             "]",
                             "[1,]",
                             "{\"a\":1,}",
                             "[,1]",
                             "{,}",
                             "[1 2]",
                             "{\"a\" 1}",
                             "{\"a\":}",
                             "{a:1}",
                             "{'a':1}",
                             "{1:2}",
                             "[01]",
                             "[1.]",
                             "[.5]",
                             "[+1]",
                             "[1e]",
                             "[-]",
                             "[0x1]",
                             "[NaN]",
                             "[tru]",
                             "[truex]",
                             "[nul]",
                             "[True]",
                             "[\"\\x\"]",
                             "[\"\\u12g4\"]",
                             "[\"\\u12\"]",
                             "[\"a]",
                             "[\"a\\\"]",
                             "{\"\\q\":1}",
                             "{} {}",
                             "[1]x",
                             "[1]]",
                             "{}\"",
                             "// c\n{}",
                             "[1}",
                             "{\"a\":1]",
                             "[\"a\"\"b\"]",
                             "[1\"a\"]",
                             "[{\"a\":1 \"b\":2}]",
                             "1",
                             "\"a\"",
                             "null",
                             "[\"\x01\"]",
                             "[\"a\nb\"]",
                             "[\"\xff\"]",
                             "[\"\xc3\"]",
                             "[\"\xed\xa0\x80\"]",
                             "\xef\xbb\xbf{}",
                             "[\"a\":1]",
                             "{\"a\"}",
                             "{\"a\":1:2}",
                             "[:]",
                             "[\"\":]]",
                             "{\"\":\"\":6:2} }",
                             "[[\"b\":{},[[2]]},\"a\":]]]"})
        bad(text);
    QTest::newRow("bad NUL") << QByteArray("[\0]", 3) << false;
    QTest::newRow("bad after NUL") << QByteArray("{}\0", 3) << false;
}

void TestJson::grammar()
{
    QFETCH(const QByteArray, text);
    QFETCH(const bool, valid);
    Document document;
    QCOMPARE(document.parse(text), valid ? Status::Valid : Status::NotJson);
    QCOMPARE(document.root().exists(), valid);
}

void TestJson::rawTextIsKept()
{
    Document document;
    const QByteArray inner =
        "{ \"big\" : 123456789012345678901234567890.10 ,\n \"s\":\"\\u00e4\\/\", \"l\":[1 , 2] }";
    QCOMPARE(document.parse("{\"x\": " + inner + " , \"y\":1}"), Status::Valid);
    const Value x = document.root().find("x");
    QCOMPARE(x.raw().toByteArray(), inner);
    QCOMPARE(x.find("big").raw().toByteArray(), QByteArray("123456789012345678901234567890.10"));
    QCOMPARE(x.find("s").raw().toByteArray(), QByteArray("\"\\u00e4\\/\""));
    QCOMPARE(x.find("l").raw().toByteArray(), QByteArray("[1 , 2]"));
    QCOMPARE(document.root().find("y").raw().toByteArray(), QByteArray("1"));
}

void TestJson::numbers_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QVariant>("integer");
    QTest::addColumn<QVariant>("number");
    QTest::newRow("small") << QByteArray("7") << QVariant(qint64(7)) << QVariant(7.0);
    QTest::newRow("least") << QByteArray("-9223372036854775808")
                           << QVariant(std::numeric_limits<qint64>::min())
                           << QVariant(-9223372036854775808.0);
    QTest::newRow("exact above 2^53") << QByteArray("9007199254740993") << QVariant(qint64(9007199254740993))
                                      << QVariant(9007199254740992.0);
    QTest::newRow("whole float") << QByteArray("100.0") << QVariant(qint64(100)) << QVariant(100.0);
    QTest::newRow("whole exponent") << QByteArray("3e2") << QVariant(qint64(300)) << QVariant(300.0);
    QTest::newRow("fraction") << QByteArray("0.7") << QVariant() << QVariant(0.7);
    QTest::newRow("too large") << QByteArray("9223372036854775808") << QVariant()
                               << QVariant(9223372036854775808.0);
    QTest::newRow("beyond double") << QByteArray("1e999") << QVariant() << QVariant();
    QTest::newRow("no number") << QByteArray("\"7\"") << QVariant() << QVariant();
}

void TestJson::numbers()
{
    QFETCH(const QByteArray, text);
    QFETCH(const QVariant, integer);
    QFETCH(const QVariant, number);
    Document document;
    QCOMPARE(document.parse('[' + text + ']'), Status::Valid);
    const Value value = *document.root().begin();
    QCOMPARE(value.integer() ? QVariant(*value.integer()) : QVariant(), integer);
    QCOMPARE(value.number() ? QVariant(*value.number()) : QVariant(), number);
}

void TestJson::strings_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("plain") << QByteArray("\"Grüße\"") << QByteArray("Grüße");
    QTest::newRow("empty") << QByteArray("\"\"") << QByteArray("");
    QTest::newRow("simple") << QByteArray("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") << QByteArray("\"\\/\b\f\n\r\t");
    QTest::newRow("two bytes") << QByteArray("\"\\u00FC\"") << QByteArray("ü");
    QTest::newRow("three bytes") << QByteArray("\"\\u20ac\"") << QByteArray("€");
    QTest::newRow("pair") << QByteArray("\"\\ud83d\\ude00!\"") << QByteArray("😀!");
    QTest::newRow("lone high") << QByteArray("\"a\\ud83db\"")
                               << QByteArray("a\xef\xbf\xbd"
                                             "b");
    QTest::newRow("lone low") << QByteArray("\"\\ude00\"") << QByteArray("\xef\xbf\xbd");
    QTest::newRow("high twice") << QByteArray("\"\\ud83d\\ud83d\\ude00\"") << QByteArray("\xef\xbf\xbd😀");
    QTest::newRow("high, then other") << QByteArray("\"\\ud83d\\n\"") << QByteArray("\xef\xbf\xbd\n");
    QTest::newRow("nul") << QByteArray("\"a\\u0000b\"") << QByteArray("a\0b", 3);
    QTest::newRow("quote after backslashes") << QByteArray("\"\\\\\\\\\"") << QByteArray("\\\\");
}

void TestJson::strings()
{
    QFETCH(const QByteArray, json);
    QFETCH(const QByteArray, text);
    Document document;
    QCOMPARE(document.parse('[' + json + " ]"), Status::Valid);
    QCOMPARE((*document.root().begin()).string(), text);
}

void TestJson::names()
{
    Document document;
    QCOMPARE(document.parse("{\"a\":1,\"b\\u0065\\\"\":2,\"a\":3,\"aa\":4}"), Status::Valid);
    const Value root = document.root();
    QCOMPARE(root.find("a").integer(), 3); // The last one.
    QCOMPARE(root.find("be\"").integer(), 2);
    QCOMPARE(root.find("be\"").name(), QByteArray("be\""));
    QVERIFY(!root.find("b\\u0065\\\"").exists());
    QVERIFY(!root.find("").exists());
    QCOMPARE(root.size(), 4);
}

void TestJson::iteration()
{
    Document document;
    QCOMPARE(document.parse("[[1,[2]],{\"x\":[3],\"y\":4},\"s\",[],5]"), Status::Valid);
    QByteArrayList elements;
    for (const Value element : document.root())
        elements.append(element.raw().toByteArray());
    QCOMPARE(elements, (QByteArrayList{"[1,[2]]", "{\"x\":[3],\"y\":4}", "\"s\"", "[]", "5"}));
    const Value object = *std::next(document.root().begin());
    QCOMPARE((*std::next(object.begin())).name(), QByteArray("y"));
    QVERIFY((*std::next(document.root().begin(), 3)).isEmpty());
}

void TestJson::absence()
{
    const Value none;
    QVERIFY(none.isNull() && !none.exists() && none.isEmpty());
    QCOMPARE(none.find("a").find("b").string(), QByteArray());
    for (const Value never : none)
        QFAIL(never.name().constData());
    Document document;
    QCOMPARE(document.parse("[\"text\",null]"), Status::Valid);
    const Value text = *document.root().begin();
    QVERIFY(text.isEmpty() && !text.find("a").exists() && !text.integer() && !text.isTrue());
    QVERIFY((*std::next(document.root().begin())).isNull());
}

void TestJson::limits()
{
    Document document;
    const auto nested = [](int depth) {
        return QByteArray(depth, '[') + QByteArray(depth, ']');
    };
    QCOMPARE(document.parse(nested(64)), Status::Valid);
    QCOMPARE(document.parse(nested(65)), Status::TooDeep);
    QCOMPARE(document.parse(nested(100'000)), Status::TooDeep);
    QCOMPARE(document.parse("[1,2,3]", {.values = 4}), Status::Valid);
    QCOMPARE(document.parse("[1,2,3,4]", {.values = 4}), Status::TooLarge);
    QCOMPARE(document.parse("[1234]", {.bytes = 6}), Status::Valid);
    QCOMPARE(document.parse("[12345]", {.bytes = 6}), Status::TooLarge);
    QVERIFY(!document.root().exists());
}

void TestJson::reuse()
{
    Document document;
    QCOMPARE(document.parse("{\"a\":\"first\"}"), Status::Valid);
    QCOMPARE(document.parse("[}"), Status::NotJson);
    QVERIFY(!document.root().exists());
    QCOMPARE(document.parse("{\"b\":2}"), Status::Valid);
    QVERIFY(!document.root().find("a").exists());
    QCOMPARE(document.root().find("b").integer(), 2);

    // What is left of a longer text behind a shorter one must not lead the parser on.
    const QByteArray text = "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}";
    for (qsizetype size = 0; size < text.size(); ++size) {
        QCOMPARE(document.parse(text), Status::Valid);
        QCOMPARE(document.parse(text.left(size)), Status::NotJson);
    }
}

void TestJson::largeText()
{
    const QByteArray image(8 * 1024 * 1024, 'A');
    Document document;
    QCOMPARE(document.parse("{\"i\":\"" + image + "\",\"n\":[1]}"), Status::Valid);
    QCOMPARE(document.root().find("i").string(), image);
    QCOMPARE((*document.root().find("n").begin()).integer(), 1);
}

void TestJson::escaping_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("json");
    const QByteArray replacement = "\xef\xbf\xbd";
    QTest::newRow("plain") << QByteArray("Hello, wörld €😀") << QByteArray("Hello, wörld €😀");
    QTest::newRow("quotes") << QByteArray("\"\\/") << QByteArray("\\\"\\\\/");
    QTest::newRow("controls") << QByteArray("\n\r\t\b\f\x01\x1f\x7f")
                              << QByteArray("\\n\\r\\t\\u0008\\u000c\\u0001\\u001f\x7f");
    QTest::newRow("nul") << QByteArray("a\0b", 3) << QByteArray("a\\u0000b");
    QTest::newRow("line ends") << QByteArray("\u0085\u2028\u2029") << QByteArray("\\u0085\\u2028\\u2029");
    QTest::newRow("near line ends") << QByteArray("\u0084\u0086\u2027\u202a")
                                    << QByteArray("\u0084\u0086\u2027\u202a");
    QTest::newRow("cut") << QByteArray("a\xe2\x82") << QByteArray("a" + replacement + replacement);
    QTest::newRow("stray") << QByteArray("\x80z\xff") << QByteArray(replacement + "z" + replacement);
    QTest::newRow("overlong") << QByteArray("\xc0\xaf") << QByteArray(replacement + replacement);
    QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80")
                               << QByteArray(replacement + replacement + replacement);
    QTest::newRow("beyond") << QByteArray("\xf4\x90\x80\x80")
                            << QByteArray(replacement + replacement + replacement + replacement);
    QTest::newRow("last") << QByteArray("\xf4\x8f\xbf\xbf") << QByteArray("\xf4\x8f\xbf\xbf");
}

void TestJson::escaping()
{
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, json);
    QByteArray out;
    appendEscaped(out, text);
    QCOMPARE(out, json);
    Document document;
    QCOMPARE(document.parse("[\"" + out + "\"]"), Status::Valid); // Whatever comes in, JSON goes out.
    QVERIFY(!QJsonDocument::fromJson("[\"" + out + "\"]").isNull());
}

void TestJson::writer()
{
    QByteArray out;
    Writer writer(out);
    writer.beginObject().key("a").integer(-5).key("b").beginArray().string("x\"").null().boolean(true);
    writer.beginObject().endObject().beginArray().endArray().endArray().key("c\n").raw("[1, 2]").endObject();
    QCOMPARE(out, QByteArray("{\"a\":-5,\"b\":[\"x\\\"\",null,true,{},[]],\"c\\n\":[1, 2]}"));
}

void TestJson::writerNumbers()
{
    QByteArray out;
    Writer writer(out);
    writer.beginArray().number(0.7).number(1).number(-2.5e-9).number(1e300).number(0.1 + 0.2);
    writer.number(std::nan("")).number(-std::numeric_limits<double>::infinity());
    writer.integer(std::numeric_limits<qint64>::min()).endArray();
    QCOMPARE(out, QByteArray("[0.7,1,-2.5e-09,1e+300,0.30000000000000004,null,null,-9223372036854775808]"));
}

QTEST_GUILESS_MAIN(TestJson)
#include "tst_json.moc"

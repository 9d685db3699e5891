// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/sse/keepalive.h"
#include "dialects/sse/line_splitter.h"
#include "dialects/sse/sse_decoder.h"

#include <QTest>

using namespace gatehouse::sse;

/// `type|data` of each event, in the order told.
static QByteArrayList decode(SseDecoder &decoder, const QByteArrayList &pieces)
{
    QByteArrayList told;
    for (const QByteArray &piece : pieces) {
        decoder.append(piece);
        while (const auto event = decoder.next())
            told.append(event->type.toByteArray() + '|' + event->data.toByteArray());
    }
    return told;
}

static QByteArrayList bytewise(const QByteArray &bytes)
{
    QByteArrayList pieces;
    for (const char byte : bytes)
        pieces.append(QByteArray(1, byte));
    return pieces;
}

class TestSse : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void events_data();
    void events();
    void eventBound();
    void endlessLine();
    void lines_data();
    void lines();
    void crWithoutLfIsLinear();
};

void TestSse::events_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArrayList>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArrayList &expected) {
        QTest::newRow(name) << stream << expected;
    };
    row("one", "data: a\n\n", {"|a"});
    row("crlf", "data: a\r\n\r\ndata: b\r\n\r\n", {"|a", "|b"});
    row("cr", "data: a\r\rdata: b\r\r", {"|a", "|b"});
    row("mixed ends", "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n", {"|a", "|b", "|c"});
    row("several lines", "data: a\ndata: b\ndata:\n\n", {"|a\nb\n"});
    row("no space", "data:a\n\n", {"|a"});
    row("only one space goes", "data:  a\n\n", {"| a"});
    row("field without colon", "data\n\n", {"|"});
    row("colons in the value", "data: {\"a\":1}\n\n", {"|{\"a\":1}"});
    row("comments", ": OPENROUTER PROCESSING\n\ndata: a\n: x\ndata: b\n\n", {"|a\nb"});
    row("type", "event: error\ndata: a\n\ndata: b\n\n", {"error|a", "|b"});
    row("type without data", "event: ping\n\ndata: a\n\n", {"|a"});
    row("last type counts", "event: a\nevent: b\ndata: x\n\n", {"b|x"});
    row("other fields", "id: 1\nretry: 5\nfoo: bar\ndata: a\n\n", {"|a"});
    row("byte order mark",
        "\xef\xbb\xbf"
        "data: a\n\n",
        {"|a"});
    row("mark only once",
        "\xef\xbb\xbf"
        "data: a\n\n"
        "\xef\xbb\xbf"
        "data: b\n\n",
        {"|a"});
    row("unfinished event", "data: a\n\ndata: b\n", {"|a"});
    row("unfinished line", "data: a\n\ndata: [DONE]", {"|a"});
    row("blank lines", "\n\n\ndata: a\n\n\n\n", {"|a"});
    row("heartbeat", keepalive.toByteArray() + "data: a\n\n" + keepalive.toByteArray(), {"|a"});
    row("nothing", "", {});
}

void TestSse::events()
{
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArrayList, expected);
    SseDecoder whole;
    QCOMPARE(decode(whole, {stream}), expected);
    SseDecoder bytes;
    QCOMPARE(decode(bytes, bytewise(stream)), expected);
    for (qsizetype at = 0; at <= stream.size(); ++at) {
        SseDecoder cut;
        QCOMPARE(decode(cut, {stream.left(at), stream.mid(at)}), expected);
    }
}

void TestSse::eventBound()
{
    SseDecoder decoder(100);
    QCOMPARE(decode(decoder, {"data: " + QByteArray(90, 'a') + "\n\n"}).size(), 1);
    QVERIFY(!decoder.overflowed());
    QByteArray many;
    for (int i = 0; i < 60; ++i)
        many += "data: a\n"; // 120 bytes of data in lines that are each small.
    QCOMPARE(decode(decoder, {many, "\n", "data: b\n\n"}).size(), 0);
    QVERIFY(decoder.overflowed());
}

void TestSse::endlessLine()
{
    SseDecoder decoder(1000);
    QByteArrayList pieces(300, "xxxxx");
    pieces.prepend(": ");
    QCOMPARE(decode(decoder, pieces).size(), 0);
    QVERIFY(decoder.overflowed());
    QCOMPARE(decode(decoder, {"\n\ndata: a\n\n"}).size(), 0);
}

void TestSse::lines_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArrayList>("expected");
    QTest::addColumn<QByteArray>("rest");
    QTest::newRow("two") << QByteArray("a\nb\n") << QByteArrayList{"a", "b"} << QByteArray();
    QTest::newRow("crlf") << QByteArray("a\r\nb\r\n") << QByteArrayList{"a", "b"} << QByteArray();
    QTest::newRow("cr stays inside") << QByteArray("a\rb\n") << QByteArrayList{"a\rb"} << QByteArray();
    QTest::newRow("blank") << QByteArray("\n\na\n") << QByteArrayList{"", "", "a"} << QByteArray();
    QTest::newRow("no last end") << QByteArray("a\nbc") << QByteArrayList{"a"} << QByteArray("bc");
}

void TestSse::lines()
{
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArrayList, expected);
    QFETCH(const QByteArray, rest);
    for (qsizetype at = 0; at <= stream.size(); ++at) {
        LineSplitter splitter(LineSplitter::Ends::Lf);
        QByteArrayList told;
        for (const QByteArray &piece : {stream.left(at), stream.mid(at)}) {
            splitter.append(piece);
            while (const auto line = splitter.next())
                told.append(line->toByteArray());
        }
        QCOMPARE(told, expected);
        QCOMPARE(splitter.rest().toByteArray(), rest);
    }
}

/// 1 MB of lines of one byte, ended by CR with no LF in sight: an LF looked for anew at each line would take
/// 250 GB of comparisons and run into the test's timeout.
void TestSse::crWithoutLfIsLinear()
{
    constexpr int count = 500'000;
    LineSplitter splitter(LineSplitter::Ends::CrOrLf);
    splitter.append(QByteArray("a\r").repeated(count));
    int told = 0;
    while (const auto line = splitter.next())
        told += line->size() == 1;
    QCOMPARE(told, count);
}

QTEST_GUILESS_MAIN(TestSse)
#include "tst_sse.moc"

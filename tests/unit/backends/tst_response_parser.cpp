// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/response_parser.h"

#include <QTest>

using namespace gatehouse;

namespace {

/// What the parser makes of an answer: `status body rest`, or `broken`, `more`; with the connection's end, a
/// `|` goes before the outcome that it makes.
QByteArray readIn(const QByteArray &bytes, qsizetype step, bool thenEnd)
{
    ResponseParser parser;
    QByteArray story;
    QByteArray body;
    for (qsizetype at = 0; at < bytes.size(); at += step) {
        const QByteArray cut = bytes.mid(at, step);
        QByteArrayView input(cut);
        QByteArrayView piece;
        for (;;) {
            const ResponseParser::Step what = parser.next(input, piece);
            if (what == ResponseParser::Step::NeedMore)
                break;
            if (what == ResponseParser::Step::Head)
                story += QByteArray::number(parser.status()) + ' ';
            else if (what == ResponseParser::Step::Body)
                body += piece;
            else if (what == ResponseParser::Step::Broken)
                return story + body + " broken";
            else
                return story + body + (parser.keepsConnection() ? " keep" : " close") + ' ' +
                       QByteArray::number(bytes.size() - at - cut.size() + input.size());
        }
    }
    if (!thenEnd)
        return story + body + " more";
    return story + body + (parser.endOfInput() == ResponseParser::Step::Complete ? " |complete" : " |broken");
}

} // namespace

class TestResponseParser : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void answers_data();
    void answers();
    void headers();
    void longHead();
    void longTrailers();
    void longChunkSize();
    void manyInterimAnswers();
    void hasBegun();
};

void TestResponseParser::answers_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("thenEnd");
    QTest::addColumn<QByteArray>("story");
    const auto row = [](const char *name, const char *bytes, const char *story) {
        QTest::addRow("%s", name) << QByteArray(bytes) << false << QByteArray(story);
    };
    const auto ended = [](const char *name, const char *bytes, const char *story) {
        QTest::addRow("%s, end", name) << QByteArray(bytes) << true << QByteArray(story);
    };
    row("length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc keep 0");
    row("bytes after the length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcde", "200 abc keep 2");
    row("empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200  keep 0");
    row("equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\nabc",
        "200 abc keep 0");
    row("close", "HTTP/1.1 200 OK\r\nConnection: X, Close\r\nContent-Length: 3\r\n\r\nabc",
        "200 abc close 0");
    row("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc close 0");
    row("HTTP/1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
        "200 abc keep 0");
    row("no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200  keep 0");
    row("empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200  keep 0");
    row("bare LF", "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "200 abc keep 0");
    row("204", "HTTP/1.1 204 No Content\r\n\r\n", "204  keep 0");
    row("304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304  keep 0");
    row("interim",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Content-Length: 1\r\n\r\na",
        "200 a keep 0");
    row("chunks",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        "200 abc0123456789 keep 0");
    row("chunks and more", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\nHTTP",
        "200 a keep 4");
    row("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
        "200 a keep 0");
    row("chunks of bare LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
        "200 a keep 0");
    ended("until close", "HTTP/1.1 200 OK\r\n\r\nabc", "200 abc |complete");
    row("until close, open", "HTTP/1.1 200 OK\r\n\r\nabc", "200 abc more");
    ended("nothing", "", " |broken");
    ended("half a status", "HTTP/1.1 2", " |broken");
    ended("half a head", "HTTP/1.1 200 OK\r\nA: b", " |broken");
    ended("short body", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", "200 abc |broken");
    ended("cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc", "200 abc |broken");
    ended("cut after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
          "200 abc |broken");
    ended("cut last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "200  |broken");

    row("other protocol", "SSH-2.0-OpenSSH\r\n", " broken");
    row("HTTP/2", "HTTP/2 200\r\n\r\n", " broken");
    row("status of letters", "HTTP/1.1 abc OK\r\n\r\n", " broken");
    row("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", " broken");
    row("status of zero", "HTTP/1.1 000 OK\r\n\r\n", " broken");
    row("switching", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", " broken");
    row("no colon", "HTTP/1.1 200 OK\r\nhello\r\n\r\n", " broken");
    row("space before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", " broken");
    row("folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", " broken");
    row("CR in a value", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", " broken");
    row("differing lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        " broken");
    row("length of letters", "HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc", " broken");
    row("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", " broken");
    row("signed length", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", " broken");
    row("huge length", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nabc", " broken");
    row("empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc", " broken");
    row("length and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", " broken");
    row("other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", " broken");
    row("chunked twice",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", " broken");
    const char *head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const char *size : {"zz", "-1", "0x3", "", ";x", "3 3", "fffffffffffffffff"})
        QTest::addRow("chunk size '%s'", size) << QByteArray(head) + size + "\r\nabc\r\n0\r\n\r\n"
                                               << false << QByteArray("200  broken");
    QTest::addRow("chunk without its end") << QByteArray(head) + "3\r\nabcd\r\n"
                                           << false << QByteArray("200 abc broken");
}

void TestResponseParser::answers()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const bool, thenEnd);
    QFETCH(const QByteArray, story);
    for (const qsizetype step :
         {qsizetype(1), qsizetype(2), qsizetype(7), std::max<qsizetype>(1, bytes.size())})
        QCOMPARE(readIn(bytes, step, thenEnd), story);
}

void TestResponseParser::headers()
{
    ResponseParser parser;
    const QByteArray bytes =
        "HTTP/1.1 429 No\r\nContent-TYPE:\t text/plain \r\nX: 1\r\nX: 2\r\nContent-Length: 0\r\n\r\n";
    QByteArrayView input(bytes);
    QByteArrayView body;
    QCOMPARE(parser.status(), 0);
    QCOMPARE(parser.next(input, body), ResponseParser::Step::Head);
    QCOMPARE(parser.status(), 429);
    QCOMPARE(parser.header("content-type"), QByteArray("text/plain"));
    QCOMPARE(parser.header("x"), QByteArray("1"));
    QVERIFY(parser.header("y").isNull());
}

void TestResponseParser::longHead()
{
    const QByteArray line = "X: " + QByteArray(1000, 'x') + "\r\n";
    const QByteArray start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    QCOMPARE(readIn(start + line.repeated(60) + "\r\n", 1000, false), QByteArray("200  keep 0"));
    QCOMPARE(readIn(start + line.repeated(70) + "\r\n", 1000, false), QByteArray(" broken"));
    QCOMPARE(readIn("HTTP/1.1 200 " + QByteArray(70'000, 'x'), 1000, false), QByteArray(" broken"));
}

void TestResponseParser::longTrailers()
{
    const QByteArray start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    QCOMPARE(readIn(start + QByteArray("X: y\r\n").repeated(20'000), 1000, false), QByteArray("200  broken"));
}

void TestResponseParser::longChunkSize()
{
    const QByteArray start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;";
    QCOMPARE(readIn(start + QByteArray(70'000, 'x'), 1000, false), QByteArray("200  broken"));
    // Many chunks are no long chunk.
    const QByteArray many = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            QByteArray("1\r\na\r\n").repeated(30'000) + "0\r\n\r\n";
    QCOMPARE(readIn(many, 4096, false), "200 " + QByteArray(30'000, 'a') + " keep 0");
}

void TestResponseParser::manyInterimAnswers()
{
    QCOMPARE(readIn(QByteArray("HTTP/1.1 100 Continue\r\n\r\n").repeated(5'000), 1000, false),
             QByteArray(" broken"));
}

void TestResponseParser::hasBegun()
{
    ResponseParser parser;
    QByteArrayView input;
    QByteArrayView body;
    QCOMPARE(parser.next(input, body), ResponseParser::Step::NeedMore);
    QVERIFY(!parser.hasBegun());
    input = "H";
    QCOMPARE(parser.next(input, body), ResponseParser::Step::NeedMore);
    QVERIFY(parser.hasBegun());
}

QTEST_APPLESS_MAIN(TestResponseParser)
#include "tst_response_parser.moc"

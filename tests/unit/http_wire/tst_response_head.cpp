// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/chunked_decoder.h"
#include "http/wire/response_head.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono;

class TestResponseHead : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rendersOneHead();
    void fieldsCannotEndTheLine();
    void phrases();
    void chunksDecodeToWhatWasSent();
    void date_data();
    void date();
    void dateIsFormattedOnceASecond();
    void headers();
};

void TestResponseHead::rendersOneHead()
{
    ResponseHeadWriter writer(200);
    writer.add("Content-Length", 12).add(Headers{{"X-A", "1"}, {"X-A", "2"}}).add("X-Empty", "");
    QCOMPARE(std::move(writer).finish(),
             "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-A: 1\r\nX-A: 2\r\nX-Empty: \r\n\r\n");
    QCOMPARE(ResponseHeadWriter(299).finish(), "HTTP/1.1 299 \r\n\r\n");
}

void TestResponseHead::fieldsCannotEndTheLine()
{
    ResponseHeadWriter writer(302);
    writer.add("Location", QByteArrayView("/a\r\nSet-Cookie: b\0c", 19));
    writer.add("Bad name", "x").add("", "x").add("Bad:name", "x").add("Bad\r\nName", "x");
    QCOMPARE(std::move(writer).finish(), "HTTP/1.1 302 Found\r\nLocation: /a  Set-Cookie: b c\r\n\r\n");
}

void TestResponseHead::phrases()
{
    for (const int status : {100, 200, 400, 401, 403, 404, 405, 408, 409, 413, 414,
                             415, 426, 429, 431, 500, 501, 502, 503, 504, 505})
        QVERIFY2(!reasonPhrase(status).isEmpty(), QByteArray::number(status).constData());
    QCOMPARE(reasonPhrase(404), "Not Found");
    QVERIFY(reasonPhrase(499).isEmpty());
}

void TestResponseHead::chunksDecodeToWhatWasSent()
{
    QByteArray wire;
    QByteArray sent;
    for (const int size : {1, 0, 15, 16, 17, 255, 256, 70000}) {
        const QByteArray piece(size, static_cast<char>('a' + size % 26));
        appendChunk(wire, piece);
        sent += piece;
    }
    wire += lastChunk;
    ChunkedDecoder decoder(1 << 20);
    QByteArray received;
    const FeedResult result = decoder.feed(wire, received);
    QCOMPARE(result.state, FeedResult::State::Done);
    QCOMPARE(result.consumed, wire.size());
    QCOMPARE(received, sent);

    QByteArray exact;
    appendChunk(exact, "hello world");
    QCOMPARE(exact, "b\r\nhello world\r\n");
}

void TestResponseHead::date_data()
{
    QTest::addColumn<qint64>("msecs");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("RFC 9110's example")
        << qint64(784111777000) << QByteArray("Sun, 06 Nov 1994 08:49:37 GMT");
    QTest::newRow("epoch") << qint64(0) << QByteArray("Thu, 01 Jan 1970 00:00:00 GMT");
    QTest::newRow("leap day") << qint64(1709251199999) << QByteArray("Thu, 29 Feb 2024 23:59:59 GMT");
    QTest::newRow("last second of a year")
        << qint64(1798761599000) << QByteArray("Thu, 31 Dec 2026 23:59:59 GMT");
}

void TestResponseHead::date()
{
    QFETCH(qint64, msecs);
    DateField field;
    QTEST(field.at(WallTime(milliseconds(msecs))), "expected");
}

void TestResponseHead::dateIsFormattedOnceASecond()
{
    DateField field;
    const QByteArray first = field.at(WallTime(milliseconds(10'000)));
    QVERIFY(field.at(WallTime(milliseconds(10'999))).constData() == first.constData());
    QVERIFY(field.at(WallTime(milliseconds(11'000))) != first);
    QVERIFY(field.at(WallTime(milliseconds(10'000))) == first); // A clock set back is followed.
}

void TestResponseHead::headers()
{
    Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
    QCOMPARE(headers.value("a"), "1");
    QCOMPARE(headers.values("A"), (QList<QByteArray>{"1", "3"}));
    QVERIFY(headers.contains("B"));
    QVERIFY(!headers.contains("ab"));
    QVERIFY(!headers.value("").has_value());
    headers.remove("a");
    QVERIFY(headers == (Headers{{"b", "2"}}));
}

QTEST_GUILESS_MAIN(TestResponseHead)
#include "tst_response_head.moc"

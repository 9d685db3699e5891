// SPDX-License-Identifier: GPL-3.0-or-later
// How a request says where its body ends, and every way of saying it twice (request smuggling).
#include "http/wire/body_framing.h"
#include "wire_test_support.h"

using namespace gatehouse;
using namespace gatehouse::test;
using Framing = RequestHead::Framing;
using State = FeedResult::State;

class TestRequestFraming : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepts_data();
    void accepts();
    void refuses_data();
    void refuses();
    void contentLength_data();
    void contentLength();
};

void TestRequestFraming::accepts_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<int>("framing");
    QTest::addColumn<qint64>("length");
    const auto row = [](const char *name, const char *fields, Framing framing, qint64 length) {
        QTest::newRow(name) << QByteArray(fields) << static_cast<int>(framing) << length;
    };
    row("nothing", "", Framing::None, 0);
    row("zero", "Content-Length: 0\r\n", Framing::Length, 0);
    row("length", "CONTENT-LENGTH:\t12 \r\n", Framing::Length, 12);
    row("huge", "Content-Length: 9223372036854775807\r\n", Framing::Length, 9223372036854775807LL);
    row("leading zeros", "Content-Length: 00000000000000000000000005\r\n", Framing::Length, 5);
    row("chunked", "Transfer-Encoding: chunked\r\n", Framing::Chunked, 0);
    row("chunked, upper case", "transfer-encoding: CHUNKED\t\r\n", Framing::Chunked, 0);
    row("look-alike names", "Content_Length: 5\r\nX-Transfer-Encoding: chunked\r\nContent-Lengths: 3\r\n",
        Framing::None, 0);
}

void TestRequestFraming::accepts()
{
    QFETCH(QByteArray, fields);
    const QByteArray input = "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    const HeadOutcome outcome = parseHead(input + "GET /hidden HTTP/1.1\r\n\r\n");
    QCOMPARE(outcome.state, State::Done);
    QCOMPARE(outcome.consumed, input.size());
    QTEST(static_cast<int>(outcome.head.framing), "framing");
    QTEST(outcome.head.contentLength, "length");
}

void TestRequestFraming::refuses_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<bool>("notImplemented");
    const auto bad = [](const char *name, QByteArray fields, bool notImplemented = false) {
        QTest::newRow(name) << std::move(fields) << notImplemented;
    };
    bad("trailing letter", "Content-Length: 3x\r\n");
    bad("plus", "Content-Length: +3\r\n");
    bad("minus", "Content-Length: -3\r\n");
    bad("hexadecimal", "Content-Length: 0x3\r\n");
    bad("fraction", "Content-Length: 3.0\r\n");
    bad("exponent", "Content-Length: 3e1\r\n");
    bad("empty", "Content-Length:\r\n");
    bad("inner space", "Content-Length: 3 4\r\n");
    bad("list of equals", "Content-Length: 3, 3\r\n");
    bad("list of two", "Content-Length: 3, 4\r\n");
    bad("list with a gap", "Content-Length: 3,\r\n");
    bad("2^63", "Content-Length: 9223372036854775808\r\n");
    bad("2^64 + 3", "Content-Length: 18446744073709551619\r\n");
    bad("hundred digits", "Content-Length: " + QByteArray(100, '9') + "\r\n");
    bad("quoted", "Content-Length: \"3\"\r\n");
    bad("two equal lengths", "Content-Length: 3\r\nContent-Length: 3\r\n");
    bad("two lengths", "Content-Length: 3\r\ncontent-length: 4\r\n");
    bad("length, then coding", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n");
    bad("coding, then length", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n");
    bad("zero length and coding", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n");
    bad("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
    bad("coding and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n");
    bad("identity", "Transfer-Encoding: identity\r\n");
    bad("unknown coding", "Transfer-Encoding: xchunked\r\n");
    bad("gzip alone", "Transfer-Encoding: gzip\r\n");
    bad("chunked not last", "Transfer-Encoding: chunked, gzip\r\n");
    bad("chunked twice", "Transfer-Encoding: chunked, chunked\r\n");
    bad("chunked and a comma", "Transfer-Encoding: chunked,\r\n");
    bad("a comma and chunked", "Transfer-Encoding: , chunked\r\n");
    bad("parameter", "Transfer-Encoding: chunked;q=1\r\n");
    bad("quoted chunked", "Transfer-Encoding: \"chunked\"\r\n");
    bad("vertical tab", "Transfer-Encoding: \vchunked\r\n");
    bad("folded", "Transfer-Encoding:\r\n chunked\r\n");
    bad("empty coding", "Transfer-Encoding:\r\n");
    bad("space before the colon", "Transfer-Encoding : chunked\r\n");
    bad("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", true);
}

void TestRequestFraming::refuses()
{
    QFETCH(QByteArray, fields);
    QFETCH(bool, notImplemented);
    const QByteArray input =
        "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
    const HeadOutcome outcome = parseHead(input);
    QCOMPARE(outcome.error, notImplemented ? ErrorCode::NotImplemented : ErrorCode::InvalidRequest);
    QVERIFY(isIndependentOfCuts(input));

    // The same in HTTP/1.0, where a coding is wrong by itself.
    const QByteArray older = QByteArray(input).replace("HTTP/1.1", "HTTP/1.0");
    QVERIFY(parseHead(older).state == State::Failed);
    QVERIFY(parseHead("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").state == State::Failed);
}

void TestRequestFraming::contentLength_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<qint64>("expected"); // -1: none.
    QTest::newRow("0") << QByteArray("0") << qint64(0);
    QTest::newRow("max") << QByteArray("9223372036854775807") << qint64(9223372036854775807LL);
    QTest::newRow("max + 1") << QByteArray("9223372036854775808") << qint64(-1);
    QTest::newRow("max, a digit more") << QByteArray("92233720368547758070") << qint64(-1);
    QTest::newRow("empty") << QByteArray() << qint64(-1);
    QTest::newRow("space") << QByteArray(" 1") << qint64(-1);
}

void TestRequestFraming::contentLength()
{
    QFETCH(QByteArray, value);
    QTEST(parseContentLength(value).value_or(-1), "expected");
}

QTEST_GUILESS_MAIN(TestRequestFraming)
#include "tst_request_framing.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/chunked_decoder.h"

#include <QTest>

#include <optional>

using namespace gatehouse;
using State = FeedResult::State;

Q_DECLARE_METATYPE(gatehouse::ErrorCode)

namespace {

constexpr qint64 bodyLimit = 1000;

struct Outcome
{
    State state = State::NeedMore;
    qsizetype consumed = 0;
    QByteArray body; // Empty where Failed: how much came before the fault depends on the cuts.
    std::optional<ErrorCode> error;
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

Outcome decode(QByteArrayView input, qsizetype pieceSize, qsizetype firstPiece = 0)
{
    ChunkedDecoder decoder(bodyLimit);
    Outcome outcome;
    for (qsizetype at = 0; at < input.size();) {
        const qsizetype size = at == 0 && firstPiece > 0 ? firstPiece : pieceSize;
        const QByteArray piece = input.sliced(at, qMin(size, input.size() - at)).toByteArray();
        const FeedResult result = decoder.feed(piece, outcome.body);
        outcome.state = result.state;
        if (result.state == State::Failed)
            return {State::Failed, 0, {}, decoder.error().code};
        if (result.state == State::Done) {
            outcome.consumed = at + result.consumed;
            return outcome;
        }
        at += piece.size();
    }
    return outcome;
}

Outcome decode(QByteArrayView input)
{
    return decode(input, qMax<qsizetype>(1, input.size()));
}

bool isIndependentOfCuts(QByteArrayView input)
{
    const Outcome whole = decode(input);
    for (qsizetype cut = 1; cut < input.size(); ++cut) {
        if (!(decode(input, input.size(), cut) == whole)) {
            qWarning("differs when cut at %lld", static_cast<long long>(cut));
            return false;
        }
    }
    return decode(input, 1) == whole;
}

} // namespace

class TestChunkedDecoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decodes_data();
    void decodes();
    void refuses_data();
    void refuses();
    void waitsForTheRest();
    void boundsTheBody();
    void boundsExtensions();
    void boundsTrailers();
};

void TestChunkedDecoder::decodes_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty") << QByteArray("0\r\n\r\n") << QByteArray();
    QTest::newRow("one") << QByteArray("5\r\nhello\r\n0\r\n\r\n") << QByteArray("hello");
    QTest::newRow("several") << QByteArray("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n") << QByteArray("hello");
    QTest::newRow("hex") << QByteArray("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n")
                         << QByteArray("abcdefghijklmnopqrstuvwxyz");
    QTest::newRow("upper-case hex") << QByteArray("B\r\nhello world\r\n0\r\n\r\n")
                                    << QByteArray("hello world");
    QTest::newRow("leading zeros") << QByteArray("0000000000000005\r\nhello\r\n0000\r\n\r\n")
                                   << QByteArray("hello");
    QTest::newRow("line ends in the data")
        << QByteArray("4\r\n\r\n\r\n\r\n0\r\n\r\n") << QByteArray("\r\n\r\n");
    QTest::newRow("extensions") << QByteArray("2;a;b=c;d=\"e\"\r\nhi\r\n0;last\r\n\r\n") << QByteArray("hi");
    QTest::newRow("trailers") << QByteArray("2\r\nhi\r\n0\r\nA: b\r\nContent-Length: 7\r\n\r\n")
                              << QByteArray("hi");
}

void TestChunkedDecoder::decodes()
{
    QFETCH(QByteArray, input);
    const Outcome outcome = decode(input + "GET / HTTP/1.1\r\n");
    QCOMPARE(outcome.state, State::Done);
    QTEST(outcome.body, "body");
    QCOMPARE(outcome.consumed, input.size());
    QVERIFY(isIndependentOfCuts(input + "\r\n"));
}

void TestChunkedDecoder::refuses_data()
{
    QTest::addColumn<QByteArray>("input");
    const auto bad = [](const char *name, QByteArray input) {
        QTest::newRow(name) << std::move(input);
    };
    bad("no digits", "\r\nhello\r\n0\r\n\r\n");
    bad("bad digit", "5g\r\nhello\r\n0\r\n\r\n");
    bad("0x", "0x5\r\nhello\r\n0\r\n\r\n");
    bad("plus", "+5\r\nhello\r\n0\r\n\r\n");
    bad("minus", "-5\r\nhello\r\n0\r\n\r\n");
    bad("minus zero", "-0\r\n\r\n");
    bad("space before", " 5\r\nhello\r\n0\r\n\r\n");
    bad("space after", "5 \r\nhello\r\n0\r\n\r\n");
    bad("space before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n");
    bad("underscore", "1_0\r\nhello\r\n0\r\n\r\n");
    bad("seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n");
    bad("2^63", "8000000000000000\r\n");
    bad("2^64 - 1", "ffffffffffffffff\r\n");
    bad("2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n");
    bad("bare LF after the size", "5\nhello\r\n0\r\n\r\n");
    bad("bare CR after the size", "5\rhello\r\n0\r\n\r\n");
    bad("bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n");
    bad("NUL in an extension", QByteArray("5;a\0b\r\nhello\r\n0\r\n\r\n", 19));
    bad("bare LF after the data", "5\r\nhello\n0\r\n\r\n");
    bad("data too long", "5\r\nhello!\r\n0\r\n\r\n");
    bad("data too short", "5\r\nhell\r\n0\r\n\r\n");
    bad("no line end after the data", "5\r\nhello0\r\n\r\n");
    bad("bare LF at the end", "0\r\n\n");
    bad("bare CR at the end", "0\r\n\rX");
    bad("bad trailer", "0\r\nA b\r\n\r\n");
    bad("folded trailer", "0\r\nA: b\r\n c\r\n\r\n");
    bad("a request as a trailer", "0\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
}

void TestChunkedDecoder::refuses()
{
    QFETCH(QByteArray, input);
    const Outcome outcome = decode(input);
    QCOMPARE(outcome.state, State::Failed);
    QCOMPARE(outcome.error, ErrorCode::InvalidRequest);
    QVERIFY(isIndependentOfCuts(input));
}

void TestChunkedDecoder::waitsForTheRest()
{
    const QByteArray input = "5;x\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (qsizetype size = 0; size < input.size(); ++size)
        QCOMPARE(decode(input.first(size)).state, State::NeedMore);
}

void TestChunkedDecoder::boundsTheBody()
{
    const QByteArray chunk = "1f4\r\n" + QByteArray(500, 'a') + "\r\n";
    QCOMPARE(decode(chunk + chunk + "0\r\n\r\n").body.size(), bodyLimit);
    const QByteArray over = chunk + chunk + "1\r\n";
    QCOMPARE(decode(over).error, ErrorCode::PayloadTooLarge);
    QVERIFY(isIndependentOfCuts(over));
    // Told by the size, before any of its data.
    QCOMPARE(decode("3e9\r\n").error, ErrorCode::PayloadTooLarge);
    QCOMPARE(decode("7fffffffffffffff\r\n").error, ErrorCode::PayloadTooLarge);
    QCOMPARE(decode(chunk + "7fffffffffffffff\r\n").error, ErrorCode::PayloadTooLarge);
}

void TestChunkedDecoder::boundsExtensions()
{
    QCOMPARE(decode("1;" + QByteArray(255, 'e') + "\r\na\r\n0\r\n\r\n").state, State::Done);
    QCOMPARE(decode("1;" + QByteArray(300, 'e')).error, ErrorCode::InvalidRequest);
    QByteArray many;
    for (int i = 0; i < 100; ++i)
        many += "1;" + QByteArray(200, 'e') + "\r\na\r\n";
    QCOMPARE(decode(many).error, ErrorCode::InvalidRequest);
    QVERIFY(decode(many.first(many.size() / 2)).state == State::NeedMore);
}

void TestChunkedDecoder::boundsTrailers()
{
    QByteArray input = "0\r\n";
    for (int i = 0; i < 80; ++i)
        input += "A: " + QByteArray(95, 'b') + "\r\n";
    QCOMPARE(decode(input + "\r\n").state, State::Done);
    QCOMPARE(decode(input + input.sliced(3)).error, ErrorCode::HeadersTooLarge);
    QCOMPARE(decode("0\r\nA: " + QByteArray(9000, 'b')).error, ErrorCode::HeadersTooLarge);
}

QTEST_GUILESS_MAIN(TestChunkedDecoder)
#include "tst_chunked_decoder.moc"

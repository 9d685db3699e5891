// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/request_reader.h"

#include <QTest>

using namespace gatehouse::fakes;

namespace {

const QByteArray Chunked = "POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n";
const QByteArray Sized = "POST /api HTTP/1.0\r\nContent-Length: 4\r\nX-Fake:  tokens=1 \r\n\r\nbody";

} // namespace

class TestRequestReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsPipelinedRequests();
    void readsByteByByte();
    void bareLineFeedsWillDo();
    void knowsWhatIsNoHttp();
};

void TestRequestReader::readsPipelinedRequests()
{
    RequestReader reader;
    reader.feed(Chunked + Sized + "GET /half HTTP/1.1\r\n");
    const std::optional<WireRequest> first = reader.next();
    QVERIFY(first);
    QCOMPARE(first->method, QByteArray("POST"));
    QCOMPARE(first->path, QByteArray("/v1/x"));
    QCOMPARE(first->query, QByteArray("a=b"));
    QCOMPARE(first->body, QByteArray("hello, world"));
    QVERIFY(first->keepAlive);
    const std::optional<WireRequest> second = reader.next();
    QVERIFY(second);
    QCOMPARE(second->body, QByteArray("body"));
    QCOMPARE(second->header("x-fake"), QByteArray("tokens=1"));
    QVERIFY(!second->keepAlive);
    QVERIFY(!reader.next());
    reader.feed("Connection: close\r\n\r\n");
    const std::optional<WireRequest> third = reader.next();
    QVERIFY(third);
    QVERIFY(!third->keepAlive);
    QVERIFY(!reader.isBroken());
}

void TestRequestReader::readsByteByByte()
{
    for (const QByteArray &wire : {Chunked, Sized}) {
        RequestReader reader;
        int found = 0;
        QByteArray body;
        for (const char byte : wire) {
            reader.feed(QByteArray(1, byte));
            if (const auto request = reader.next()) {
                ++found;
                body = request->body;
            }
        }
        QCOMPARE(found, 1);
        QCOMPARE(body, wire == Chunked ? QByteArray("hello, world") : QByteArray("body"));
    }
}

void TestRequestReader::bareLineFeedsWillDo()
{
    RequestReader reader;
    reader.feed("\n\nPOST / HTTP/1.1\nContent-Length: 1\n\nx");
    const std::optional<WireRequest> request = reader.next();
    QVERIFY(request);
    QCOMPARE(request->body, QByteArray("x"));
}

void TestRequestReader::knowsWhatIsNoHttp()
{
    for (const QByteArray &wire :
         {QByteArray("hello\r\n\r\n"), QByteArray("GET / SMTP/1\r\n\r\n"),
          QByteArray("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
        RequestReader reader;
        reader.feed(wire);
        QVERIFY(!reader.next());
        QVERIFY(reader.isBroken());
    }
}

QTEST_GUILESS_MAIN(TestRequestReader)
#include "tst_request_reader.moc"

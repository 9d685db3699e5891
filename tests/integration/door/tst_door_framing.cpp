// SPDX-License-Identifier: GPL-3.0-or-later
// Request smuggling: whatever two readers could take differently is refused, the connection closes, and what
// hides behind it is never served.
#include "integration/door/raw_client.h"
#include "integration/door/running_door.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const QByteArray hidden = get("/named/hidden");

QByteArray postHead(const QByteArray &fields)
{
    return "POST /echo HTTP/1.1\r\nHost: door\r\n" + fields + "\r\n";
}

} // namespace

class DoorFramingTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void refusesAmbiguity_data();
    void refusesAmbiguity();
    void refusesByteByByte_data() { refusesAmbiguity_data(); }
    void refusesByteByByte();
    void servesWhatIsUnambiguous_data();
    void servesWhatIsUnambiguous();
    void privateFieldOfTheBridgeCantBeForged();
    void manyHeadersReachTheHandler();
    void bodyIsNotARequest();
    void oddButValidTargets_data();
    void oddButValidTargets();
};

void DoorFramingTest::refusesAmbiguity_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    const auto row = [](const char *name, const QByteArray &bytes, int status = 400) {
        QTest::newRow(name) << bytes << status;
    };
    row("length and coding",
        postHead("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden);
    row("coding and length",
        postHead("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n") + "0\r\n\r\n" + hidden);
    row("different lengths", postHead("Content-Length: 5\r\nContent-Length: 0\r\n") + "12345" + hidden);
    row("list of lengths", postHead("Content-Length: 5, 5\r\n") + "12345" + hidden);
    row("length with letters", postHead("Content-Length: 3x\r\n") + "123" + hidden);
    row("signed length", postHead("Content-Length: +3\r\n") + "123" + hidden);
    row("negative length", postHead("Content-Length: -1\r\n") + hidden);
    row("hexadecimal length", postHead("Content-Length: 0x3\r\n") + "123" + hidden);
    row("empty length", postHead("Content-Length: \r\n") + hidden);
    row("over-large length", postHead("Content-Length: 99999999999999999999\r\n") + hidden);
    row("length that wraps", postHead("Content-Length: 18446744073709551616\r\n") + hidden);
    row("bad chunk size", postHead("Transfer-Encoding: chunked\r\n") + "zz\r\n" + hidden);
    row("signed chunk size", postHead("Transfer-Encoding: chunked\r\n") + "-1\r\n" + hidden);
    row("chunk size with prefix",
        postHead("Transfer-Encoding: chunked\r\n") + "0x3\r\nabc\r\n0\r\n\r\n" + hidden);
    row("chunk size that wraps",
        postHead("Transfer-Encoding: chunked\r\n") + "10000000000000000\r\n" + hidden);
    row("empty chunk size", postHead("Transfer-Encoding: chunked\r\n") + "\r\n" + hidden);
    row("chunk longer than it says",
        postHead("Transfer-Encoding: chunked\r\n") + "3\r\nabcd\r\n0\r\n\r\n" + hidden);
    row("chunk with bare LF", postHead("Transfer-Encoding: chunked\r\n") + "3\nabc\n0\n\n" + hidden);
    row("chunk extension with LF",
        postHead("Transfer-Encoding: chunked\r\n") + "3;a\nb\r\nabc\r\n0\r\n\r\n" + hidden);
    row("coding twice",
        postHead("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden);
    row("chunked, identity", postHead("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n" + hidden);
    row("other coding", postHead("Transfer-Encoding: gzip\r\n") + hidden, 400);
    row("coding before chunked", postHead("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n" + hidden,
        501);
    row("coding with vertical tab", postHead("Transfer-Encoding: \x0b"
                                             "chunked\r\n") +
                                        "0\r\n\r\n" + hidden);
    row("space before colon", postHead("Content-Length : 5\r\n") + "12345" + hidden);
    row("space before coding's colon", postHead("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + hidden);
    row("folded line", postHead("Content-Length: 5\r\nX-A: a\r\n b\r\n") + "12345" + hidden);
    row("folded coding", postHead("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n" + hidden);
    row("malformed name", postHead("Content-Length: 5\r\nBad Name: a\r\n") + "12345" + hidden);
    row("name with bracket", postHead("Content-Length: 5\r\nX(: a\r\n") + "12345" + hidden);
    row("line without colon", postHead("Content-Length: 5\r\nnonsense\r\n") + "12345" + hidden);
    row("NUL in a value", postHead(QByteArray("Content-Length: 5\r\nX-A: a\0b\r\n", 30)) + "12345" + hidden);
    row("bare CR in a value", postHead("Content-Length: 5\r\nX-A: a\rb\r\n") + "12345" + hidden);
    row("bare LF between fields", "GET /hello HTTP/1.1\r\nHost: door\nX-A: a\r\n\r\n" + hidden);
    row("bare LF at the end", "GET /hello HTTP/1.1\r\nHost: door\r\n\n" + hidden);
    row("bare LF after the request line", "GET /hello HTTP/1.1\nHost: door\r\n\r\n" + hidden);
    row("no Host", "GET /hello HTTP/1.1\r\n\r\n" + hidden);
    row("two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden);
    row("two spaces", "GET  /hello HTTP/1.1\r\nHost: door\r\n\r\n" + hidden);
    row("space in the target", "GET /hel lo HTTP/1.1\r\nHost: door\r\n\r\n" + hidden);
    row("HTTP/0.9", "GET /hello\r\n" + hidden);
    row("HTTP/2 in clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden, 505);
    row("lower-case protocol", "GET /hello http/1.1\r\nHost: door\r\n\r\n" + hidden);
    row("CONNECT", "CONNECT door:80 HTTP/1.1\r\nHost: door:80\r\n\r\n" + hidden, 501);
    row("TLS hello", QByteArray("\x16\x03\x01\x00\xa5\x01\x00\x00", 8) + hidden);
    QByteArray many;
    for (int i = 0; i < 120; ++i)
        many += "X-" + QByteArray::number(i) + ": a\r\n";
    row("too many fields", postHead(many + "Content-Length: 5\r\n") + "12345" + hidden, 431);
}

void DoorFramingTest::refusesAmbiguity()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(bytes));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, status);
    QVERIFY(answer.complete);
    QCOMPARE(answer.field("connection"), QByteArray("close"));
    QCOMPARE(client.receiveAll(), QByteArray());
    QVERIFY(!client.wasReset());
    QCOMPARE(door.seen().served, 0);
    QCOMPARE(door.seen().refused, 1);
    QCOMPARE(door.seen().vagueRefusals, 0);
}

void DoorFramingTest::refusesByteByByte()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    RunningDoor door;
    RawClient client(door.port());
    for (const char byte : bytes) {
        if (!client.send({&byte, 1}))
            break;
    }
    QCOMPARE(client.receive().status, status);
    QCOMPARE(client.receiveAll(), QByteArray());
    QCOMPARE(door.seen().served, 0);
}

void DoorFramingTest::servesWhatIsUnambiguous_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("length") << post("/echo", "12345") << QByteArray("12345");
    QTest::newRow("length with spaces")
        << postHead("Content-Length:   5  \r\n") + "12345" << QByteArray("12345");
    QTest::newRow("no body") << postHead("") << QByteArray();
    QTest::newRow("chunks") << postHead("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                            << QByteArray("abcde");
    QTest::newRow("upper-case chunked")
        << postHead("Transfer-Encoding: CHUNKED\r\n") + "A\r\n0123456789\r\n0\r\n\r\n"
        << QByteArray("0123456789");
    QTest::newRow("extension") << postHead("Transfer-Encoding: chunked\r\n") +
                                      "3;name=\"a b\"\r\nabc\r\n0\r\n\r\n"
                               << QByteArray("abc");
    QTest::newRow("trailers") << postHead("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n") +
                                     "3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: 99\r\n\r\n"
                              << QByteArray("abc");
    QTest::newRow("CRLF ahead") << "\r\n" + post("/echo", "12345") << QByteArray("12345");
}

// The request after it is served as the request that it is: reading stopped at the right byte.
void DoorFramingTest::servesWhatIsUnambiguous()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, body);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(bytes + get("/hello")));
    const Answer first = client.receive();
    QCOMPARE(first.status, 200);
    QCOMPARE(first.body, body);
    QCOMPARE(client.receive().body, QByteArray("hello\n"));
    QCOMPARE(door.seen().served, 2);
}

void DoorFramingTest::privateFieldOfTheBridgeCantBeForged()
{
    RunningDoor door;
    RawClient client(door.port());
    for (const QByteArray ticket : {"0", "1", "2", "3", "4"}) {
        QVERIFY(client.send(get("/hello", "x-gatehouse-passage: " + ticket + "\r\n")));
        QCOMPARE(client.receive().body, QByteArray("hello\n"));
    }
}

void DoorFramingTest::manyHeadersReachTheHandler()
{
    RunningDoor door;
    RawClient client(door.port());
    QByteArray fields;
    for (int i = 0; i < 90; ++i)
        fields += "X-Filler-" + QByteArray::number(i) + ": " + QByteArray(500, 'f') + "\r\n";
    QVERIFY(client.send(post("/echo", "body", fields + "Content-Type: text/late\r\n")));
    const Answer answer = client.receive();
    QCOMPARE(answer.field("x-content-type"), QByteArray("text/late"));
    QCOMPARE(answer.body, QByteArray("body"));
}

void DoorFramingTest::bodyIsNotARequest()
{
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(post("/echo", hidden)));
    QCOMPARE(client.receive().body, hidden);
    QVERIFY(!client.isClosedWithin(50ms));
    QCOMPARE(door.seen().lines(), QByteArrayList{"POST /echo"});
}

void DoorFramingTest::oddButValidTargets_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("query") << QByteArray("/named/a?b=c&d") << QByteArray("/named/{name...} a b=c&d");
    QTest::newRow("escapes") << QByteArray("/named/a%2Fb%20c") << QByteArray("/named/{name...} a/b c ");
    QTest::newRow("slashes") << QByteArray("/named/a/b") << QByteArray("/named/{name...} a/b ");
    QTest::newRow("dots") << QByteArray("/named/..%2e/x") << QByteArray("/named/{name...} .../x ");
    QTest::newRow("double slash") << QByteArray("/named//x") << QByteArray("/named/{name...} /x ");
    QTest::newRow("question marks") << QByteArray("/named/a?b?c") << QByteArray("/named/{name...} a b?c");
    QTest::newRow("absolute form") << QByteArray("http://door/named/a") << QByteArray("/named/{name...} a ");
}

void DoorFramingTest::oddButValidTargets()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, body);
    RunningDoor door;
    RawClient client(door.port());
    QVERIFY(client.send(get(target)));
    const Answer answer = client.receive();
    QCOMPARE(answer.status, 200);
    QCOMPARE(answer.body, body);
}

QTEST_GUILESS_MAIN(DoorFramingTest)
#include "tst_door_framing.moc"

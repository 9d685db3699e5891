// SPDX-License-Identifier: GPL-3.0-or-later
// The request line and the fields: what is read, what is refused, and where the limits are.
#include "http/wire/canonical_request.h"
#include "wire_test_support.h"

using namespace gatehouse;
using namespace gatehouse::test;
using State = FeedResult::State;

Q_DECLARE_METATYPE(gatehouse::ErrorCode)

class TestRequestHead : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsEverything();
    void target_data();
    void target();
    void keepAlive_data();
    void keepAlive();
    void expectContinue_data();
    void expectContinue();
    void webSocketUpgrade_data();
    void webSocketUpgrade();
    void refuses_data();
    void refuses();
    void host_data();
    void host();
    void limits();
    void stopsAtTheEndOfTheHead();
    void servesSeveralRequestsInTurn();
    void tellsIdleFromLate();
    void canonicalRequest();
    void canonicalRequestStaysWithinQtsLimits();
};

void TestRequestHead::readsEverything()
{
    const QByteArray input = "POST /v1/chat/completions?a=1&b=%20?c HTTP/1.1\r\n"
                             "Host: example.com:8000\r\n"
                             "content-type:application/json\r\n"
                             "X-Empty:\r\n"
                             "X-Spaces: \t two  words\t \r\n"
                             "X-Utf8: gr\xc3\xbc\xc3\x9f\r\n"
                             "Content-Length: 0042\r\n"
                             "\r\n";
    const HeadOutcome outcome = parseHead(input);
    QCOMPARE(outcome.state, State::Done);
    QCOMPARE(outcome.consumed, input.size());
    const RequestHead &head = outcome.head;
    QCOMPARE(head.method, "POST");
    QCOMPARE(head.path, "/v1/chat/completions");
    QCOMPARE(head.query, "a=1&b=%20?c");
    QCOMPARE(head.minorVersion, 1);
    QCOMPARE(head.framing, RequestHead::Framing::Length);
    QCOMPARE(head.contentLength, 42);
    QVERIFY(head.keepAlive && !head.expectContinue && !head.isUpgradeToWebSocket);
    const Headers expected{
        {"Host", "example.com:8000"}, {"content-type", "application/json"}, {"X-Empty", ""},
        {"X-Spaces", "two  words"},   {"X-Utf8", "gr\xc3\xbc\xc3\x9f"},     {"Content-Length", "0042"}};
    QVERIFY(head.headers == expected);
    QVERIFY(isIndependentOfCuts(input));
}

void TestRequestHead::target_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("path"); // Empty: refused.
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("host");
    const auto row = [](const char *name, const char *line, const char *path, const char *query = "",
                        const char *host = "h") {
        QTest::newRow(name) << QByteArray(line) << QByteArray(path) << QByteArray(query) << QByteArray(host);
    };
    row("root", "GET / HTTP/1.1", "/");
    row("empty query", "GET /a? HTTP/1.1", "/a");
    row("dots stay", "GET /a/../b HTTP/1.1", "/a/../b");
    row("escapes stay", "GET /a%2Fb%00 HTTP/1.1", "/a%2Fb%00");
    row("two slashes", "GET //x/y HTTP/1.1", "//x/y");
    row("absolute", "GET http://other:81/p?q HTTP/1.1", "/p", "q", "other:81");
    row("absolute, upper case", "GET HTTPS://other/p HTTP/1.1", "/p", "", "other");
    row("absolute without path", "GET http://other HTTP/1.1", "/", "", "other");
    row("absolute, query only", "GET http://other?q=/ HTTP/1.1", "/", "q=/", "other");
    row("absolute, IPv6", "GET http://[::1]:8/p HTTP/1.1", "/p", "", "[::1]:8");
    row("asterisk", "OPTIONS * HTTP/1.1", "*");
    row("asterisk with GET", "GET * HTTP/1.1", "");
    row("authority", "GET other:81 HTTP/1.1", "");
    row("no slash", "GET a/b HTTP/1.1", "");
    row("empty target", "GET  HTTP/1.1", "");
    row("space in target", "GET /a b HTTP/1.1", "");
    row("tab in target", "GET /a\tb HTTP/1.1", "");
    row("fragment", "GET /a#b HTTP/1.1", "");
    row("non-ASCII", "GET /gr\xc3\xbc HTTP/1.1", "");
    row("user information", "GET http://u:p@other/ HTTP/1.1", "");
    row("absolute without host", "GET http:///p HTTP/1.1", "");
    row("absolute with port only", "GET http://:80/p HTTP/1.1", "");
    row("other scheme", "GET ftp://other/p HTTP/1.1", "");
    row("javascript", "GET javascript://%0aalert(1) HTTP/1.1", "");
}

void TestRequestHead::target()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, path);
    const QByteArray input = line + "\r\nHost: h\r\n\r\n";
    const HeadOutcome outcome = parseHead(input);
    QVERIFY(isIndependentOfCuts(input));
    if (path.isEmpty()) {
        QCOMPARE(outcome.error, ErrorCode::InvalidRequest);
        return;
    }
    QCOMPARE(outcome.state, State::Done);
    QCOMPARE(outcome.head.path, path);
    QTEST(outcome.head.query, "query");
    QFETCH(QByteArray, host);
    QCOMPARE(outcome.head.headers.values("HOST"), QList<QByteArray>{host});
}

void TestRequestHead::keepAlive_data()
{
    QTest::addColumn<QByteArray>("version");
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<bool>("expected");
    QTest::newRow("1.1") << QByteArray("1.1") << QByteArray() << true;
    QTest::newRow("1.1 close") << QByteArray("1.1") << QByteArray("Connection: CLOSE\r\n") << false;
    QTest::newRow("1.1 close in a list")
        << QByteArray("1.1") << QByteArray("Connection: te ,\tclose\r\n") << false;
    QTest::newRow("1.1 close in a second field")
        << QByteArray("1.1") << QByteArray("Connection: te\r\nconnection: close\r\n") << false;
    QTest::newRow("1.1 close-ish") << QByteArray("1.1") << QByteArray("Connection: closed\r\n") << true;
    QTest::newRow("1.7") << QByteArray("1.7") << QByteArray() << true;
    QTest::newRow("1.0") << QByteArray("1.0") << QByteArray() << false;
    QTest::newRow("1.0 keep-alive") << QByteArray("1.0") << QByteArray("Connection: Keep-Alive\r\n") << true;
    QTest::newRow("1.0 both") << QByteArray("1.0") << QByteArray("Connection: keep-alive, close\r\n")
                              << false;
}

void TestRequestHead::keepAlive()
{
    QFETCH(QByteArray, version);
    QFETCH(QByteArray, fields);
    const HeadOutcome outcome = parseHead("GET / HTTP/" + version + "\r\nHost: h\r\n" + fields + "\r\n");
    QCOMPARE(outcome.state, State::Done);
    QTEST(outcome.head.keepAlive, "expected");
    QCOMPARE(outcome.head.minorVersion, version == "1.0" ? 0 : 1);
}

void TestRequestHead::expectContinue_data()
{
    QTest::addColumn<QByteArray>("rest");
    QTest::addColumn<bool>("expected");
    QTest::newRow("length") << QByteArray("1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1")
                            << true;
    QTest::newRow("chunked") << QByteArray(
                                    "1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue")
                             << true;
    QTest::newRow("no body") << QByteArray("1.1\r\nHost: h\r\nExpect: 100-continue") << false;
    QTest::newRow("empty body") << QByteArray("1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0")
                                << false;
    QTest::newRow("1.0") << QByteArray("1.0\r\nExpect: 100-continue\r\nContent-Length: 1") << false;
    QTest::newRow("something else") << QByteArray("1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1")
                                    << false;
}

void TestRequestHead::expectContinue()
{
    QFETCH(QByteArray, rest);
    const HeadOutcome outcome = parseHead("POST / HTTP/" + rest + "\r\n\r\n");
    QCOMPARE(outcome.state, State::Done);
    QTEST(outcome.head.expectContinue, "expected");
}

void TestRequestHead::webSocketUpgrade_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<bool>("expected");
    const auto row = [](const char *name, const char *request, bool expected) {
        QTest::newRow(name) << QByteArray(request) << expected;
    };
    row("usual", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket", true);
    row("list", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c, websocket", true);
    row("POST", "POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket", false);
    row("1.0", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket", false);
    row("no option", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket", false);
    row("other protocol", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c", false);
    row("body", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3",
        false);
}

void TestRequestHead::webSocketUpgrade()
{
    QFETCH(QByteArray, request);
    const HeadOutcome outcome = parseHead(request + "\r\n\r\n");
    QCOMPARE(outcome.state, State::Done);
    QTEST(outcome.head.isUpgradeToWebSocket, "expected");
}

void TestRequestHead::refuses_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<ErrorCode>("code");
    const auto bad = [](const char *name, QByteArray input, ErrorCode code = ErrorCode::InvalidRequest) {
        QTest::newRow(name) << std::move(input) << code;
    };
    bad("bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n");
    bad("bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n");
    bad("bare LF as the empty line", "GET / HTTP/1.1\r\nHost: h\r\n\n");
    bad("bare LF first", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    bad("bare CR in a value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n");
    bad("bare CR as a line end", "GET / HTTP/1.1\rHost: h\r\r");
    bad("CR CR LF", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n");
    bad("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    bad("NUL in a value", QByteArray("GET / HTTP/1.1\r\nHost: h\r\nA: b") + '\0' + "c\r\n\r\n");
    bad("vertical tab before a value", "GET / HTTP/1.1\r\nHost: h\r\nA:\vb\r\n\r\n");
    bad("DEL in a value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\x7f\r\n\r\n");
    bad("space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n");
    bad("tab before the colon", "GET / HTTP/1.1\r\nHost: h\r\nA\t: b\r\n\r\n");
    bad("space before the name", "GET / HTTP/1.1\r\n Host: h\r\n\r\n");
    bad("continuation line", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n");
    bad("continuation by tab", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n");
    bad("no colon", "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n");
    bad("empty name", "GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n");
    bad("separator in a name", "GET / HTTP/1.1\r\nHost: h\r\nA(b): c\r\n\r\n");
    bad("non-ASCII name", "GET / HTTP/1.1\r\nHost: h\r\n\xc3\xa4: c\r\n\r\n");
    bad("quote in the method", "G\"T / HTTP/1.1\r\nHost: h\r\n\r\n");
    bad("space before the method", " GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    bad("no version (HTTP/0.9)", "GET /\r\n\r\n");
    bad("two spaces before the version", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n");
    bad("space after the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n");
    bad("lower-case version", "GET / http/1.1\r\nHost: h\r\n\r\n");
    bad("long version", "GET / HTTP/1.10\r\nHost: h\r\n\r\n");
    bad("version without a digit", "GET / HTTP/1.x\r\nHost: h\r\n\r\n");
    bad("a TLS hello", QByteArray::fromHex("16030100a5010000a103"));
    bad("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ErrorCode::NotImplemented);
    bad("HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n\r\n", ErrorCode::NotImplemented);
    bad("CONNECT", "CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n", ErrorCode::NotImplemented);
    bad("endless method", QByteArray(33, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n", ErrorCode::NotImplemented);
}

void TestRequestHead::refuses()
{
    QFETCH(QByteArray, input);
    const HeadOutcome outcome = parseHead(input);
    QCOMPARE(outcome.state, State::Failed);
    QTEST(*outcome.error, "code");
    QCOMPARE(outcome.reason, input.contains("HTTP/2") || input.contains("HTTP/0")
                                 ? QByteArray("http_version_not_supported")
                                 : QByteArray());
    QVERIFY(isIndependentOfCuts(input));
}

void TestRequestHead::host_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<bool>("valid");
    const auto row = [](const char *fields, bool valid) {
        QTest::newRow(QByteArray(fields).replace("\r\n", " | ")) << QByteArray(fields) << valid;
    };
    row("1.1\r\nHost: example.com", true);
    row("1.1\r\nHost: example.com:8000", true);
    row("1.1\r\nHost: 127.0.0.1:", true);
    row("1.1\r\nHost: [fe80::1]:80", true);
    row("1.1\r\nHost: my_box-2.local", true);
    row("1.1\r\nHost:", true);
    row("1.0", true);
    row("1.1", false);
    row("1.1\r\nHost: a\r\nHost: a", false);
    row("1.0\r\nHost: a\r\nhost: b", false);
    row("1.1\r\nHost: a b", false);
    row("1.1\r\nHost: a/b", false);
    row("1.1\r\nHost: a?b", false);
    row("1.1\r\nHost: a@b", false);
    row("1.1\r\nHost: a:80:80", false);
    row("1.1\r\nHost: a:b", false);
    row("1.1\r\nHost: a:123456", false);
    row("1.1\r\nHost: [::1", false);
    row("1.1\r\nHost: []", false);
    row("1.1\r\nHost: [::1]x", false);
    row("1.1\r\nHost: \xc3\xa4", false);
}

void TestRequestHead::host()
{
    QFETCH(QByteArray, fields);
    QFETCH(bool, valid);
    const HeadOutcome outcome = parseHead("GET / HTTP/" + fields + "\r\n\r\n");
    QCOMPARE(outcome.state, valid ? State::Done : State::Failed);
    if (!valid)
        QCOMPARE(outcome.error, ErrorCode::InvalidRequest);
}

void TestRequestHead::limits()
{
    const HeadLimits small{.maxHeadBytes = 120, .maxTargetBytes = 20, .maxFields = 3};
    const auto outcome = [&small](const QByteArray &input) {
        [&] {
            QVERIFY(isIndependentOfCuts(input, small));
        }();
        return parseHead(input, {}, small);
    };
    const QByteArray host = " HTTP/1.1\r\nHost: h\r\n";
    QCOMPARE(outcome("GET /" + QByteArray(19, 'a') + host + "\r\n").state, State::Done);
    QCOMPARE(outcome("GET /" + QByteArray(20, 'a') + host + "\r\n").error, ErrorCode::UriTooLong);
    QCOMPARE(outcome("GET /" + QByteArray(500, 'a')).error, ErrorCode::UriTooLong);
    QCOMPARE(outcome("GET /" + host + "A: b\r\nC: d\r\n\r\n").state, State::Done);
    QCOMPARE(outcome("GET /" + host + "A: b\r\nC: d\r\nE: f\r\n\r\n").error, ErrorCode::HeadersTooLarge);
    QCOMPARE(outcome("GET /" + host + "A: " + QByteArray(60, 'b') + "\r\n\r\n").state, State::Done);
    QCOMPARE(outcome("GET /" + host + "A: " + QByteArray(200, 'b')).error, ErrorCode::HeadersTooLarge);

    QByteArray many = "GET /" + host;
    for (int i = 0; i < 99; ++i)
        many += "A: b\r\n";
    QCOMPARE(parseHead(many + "\r\n").state, State::Done);
    QCOMPARE(parseHead(many + "A: b\r\n\r\n").error, ErrorCode::HeadersTooLarge);
    QCOMPARE(parseHead("GET /" + QByteArray(8191, 'a') + host + "\r\n").state, State::Done);
    QCOMPARE(parseHead("GET /" + QByteArray(8192, 'a') + host + "\r\n").error, ErrorCode::UriTooLong);
    QCOMPARE(parseHead("GET /" + host + "A: " + QByteArray(70000, 'b')).error, ErrorCode::HeadersTooLarge);
}

void TestRequestHead::stopsAtTheEndOfTheHead()
{
    const QByteArray head = "\r\nGET /first HTTP/1.1\r\nHost: h\r\n\r\n";
    const HeadOutcome outcome = parseHead(head + "\r\nbody that is \0 no head");
    QCOMPARE(outcome.state, State::Done);
    QCOMPARE(outcome.consumed, head.size());
    QCOMPARE(outcome.head.path, "/first");
}

void TestRequestHead::servesSeveralRequestsInTurn()
{
    RequestHeadParser parser;
    QByteArrayView rest =
        "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
    FeedResult result = parser.feed(rest);
    QCOMPARE(result.state, State::Done);
    QCOMPARE(parser.takeHead().path, "/1");
    rest = rest.sliced(result.consumed);
    result = parser.feed(rest);
    QCOMPARE(result.state, State::Done);
    QCOMPARE(result.consumed, rest.size());
    const RequestHead second = parser.takeHead();
    QCOMPARE(second.path, "/2");
    QCOMPARE(second.headers.size(), 1);
}

void TestRequestHead::tellsIdleFromLate()
{
    RequestHeadParser parser;
    QVERIFY(parser.isIdle());
    QCOMPARE(parser.feed("G").state, State::NeedMore);
    QVERIFY(!parser.isIdle());
    QCOMPARE(parser.feed("ET / HTTP/1.1\r\n").state, State::NeedMore);
    QVERIFY(!parser.isIdle());
    QCOMPARE(parser.feed("Host: h\r\n\r\n").state, State::Done);
    QCOMPARE(parser.takeHead().path, "/");
    QVERIFY(parser.isIdle());
    QCOMPARE(parser.feed("\r\n").state, State::NeedMore);
    QVERIFY(parser.isIdle());
}

void TestRequestHead::canonicalRequest()
{
    const HeadOutcome outcome = parseHead("POST http://other/p?q HTTP/1.0\r\n"
                                          "Host: h\r\n"
                                          "X-Gate: forged\r\n"
                                          "Connection: keep-alive, X-Mine\r\n"
                                          "Keep-Alive: 5\r\n"
                                          "TE: trailers\r\n"
                                          "Trailer: a\r\n"
                                          "Proxy-Connection: a\r\n"
                                          "Upgrade: h2c\r\n"
                                          "Expect: 100-continue\r\n"
                                          "Content-Length: 7\r\n"
                                          "X-Mine: kept\r\n\r\n");
    QCOMPARE(outcome.state, State::Done);
    QCOMPARE(
        renderCanonical(outcome.head, "12345", {"x-gate", "7"}),
        "POST /p?q HTTP/1.1\r\nx-gate: 7\r\nContent-Length: 5\r\nX-Mine: kept\r\nHost: other\r\n\r\n12345");
}

void TestRequestHead::canonicalRequestStaysWithinQtsLimits()
{
    RequestHead head;
    head.method = "GET";
    head.path = "/";
    head.headers = {{"Host", "h"}, {"Long", QByteArray(8192, 'a')}};
    for (int i = 0; i < 98; ++i)
        head.headers.add("A" + QByteArray::number(i), QByteArray(1000, 'b'));
    const HeadOutcome again = parseHead(renderCanonical(head, {}, {"X-Gate", "7"}));
    QCOMPARE(again.state, State::Done);
    QVERIFY(again.consumed < 62 * 1024);
    QCOMPARE(again.head.headers.value("X-Gate"), "7");
    QCOMPARE(again.head.headers.value("Host"), "h");
    QVERIFY(!again.head.headers.contains("Long"));
    QVERIFY(again.head.headers.contains("A50"));
}

QTEST_GUILESS_MAIN(TestRequestHead)
#include "tst_request_head.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/ollama_backend.h"
#include "backends/openai_backend.h"
#include "both_clients.h"
#include "raw_upstream.h"
#include "unit/backends/event_log.h"

#include <QTest>
#include <QTimer>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

QByteArray delta(const QByteArray &text)
{
    return R"(data: {"model":"m","choices":[{"index":0,"delta":{"content":")" + text + "\"}}]}\n\n";
}

const QByteArray lastEvents = "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},"
                              "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

RouteSettings routeTo(const RawUpstream &upstream, const char *path = "/v1")
{
    RouteSettings route;
    route.key = QStringLiteral("box");
    route.url = upstream.url(path);
    return route;
}

} // namespace

/// Backends, the HTTP client and a server that may be wrong in any way: what the answer's reader is told.
class TestBackendsOnTheWire : public QObject
{
    Q_OBJECT
public:
    explicit TestBackendsOnTheWire(ClientMaker make)
        : m_http(make())
    {}

private Q_SLOTS:
    void streamsShareOneConnection();
    void manyStreamsAtOnce();
    void cancelIsSeenAtOnce();
    void stalledStream();
    void refusal();
    void redirect();
    void compressed();
    void garbage_data();
    void garbage();
    void nobodyListens();
    void slowModelsDoNotHang();
    void pausedStreamLosesNothing();
    void ollama();

private:
    std::unique_ptr<HttpClient> m_http;
};

void TestBackendsOnTheWire::streamsShareOneConnection()
{
    // The end of the chunked body comes after `[DONE]`, when the reader has already let go of the stream.
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead() + chunk(delta("Hi")) + chunk(lastEvents));
        QTimer::singleShot(3, &socket, [&socket] { socket.write(lastChunk); });
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    for (int i = 0; i < 20; ++i) {
        EventLog log(backend.open(chatRequest(true)));
        connect(log.stream.get(), &ChatStream::event, this, [&] {
            if (log.isOver())
                log.stream.reset();
        });
        QTRY_COMPARE(log.story(), QByteArray("start(m) text(Hi) finish(0) done"));
        QTest::qWait(15);
    }
    QCOMPARE(upstream.requests, 20);
    // On a busy machine a connection may not be free again when the next request goes out.
    QVERIFY2(upstream.accepted <= 5, qPrintable(QString::number(upstream.accepted)));
}

void TestBackendsOnTheWire::manyStreamsAtOnce()
{
    constexpr int streams = 200;
    QList<QTcpSocket *> waiting;
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead() + chunk(delta("a")));
        waiting.append(&socket);
        if (waiting.size() < streams)
            return;
        for (QTcpSocket *each : waiting)
            each->write(chunk(delta("b") + lastEvents) + lastChunk);
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    std::vector<std::unique_ptr<EventLog>> logs;
    for (int i = 0; i < streams; ++i)
        logs.push_back(std::make_unique<EventLog>(backend.open(chatRequest(true))));
    for (const auto &log : logs)
        QTRY_COMPARE_WITH_TIMEOUT(log->story(), QByteArray("start(m) text(a) text(b) finish(0) done"),
                                  30'000);
}

void TestBackendsOnTheWire::cancelIsSeenAtOnce()
{
    RawUpstream upstream(
        [](QTcpSocket &socket, const RawRequest &) { socket.write(chunkedHead() + chunk(delta("a"))); });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_COMPARE(log.story(), QByteArray("start(m) text(a)"));
    const auto dropped = std::chrono::steady_clock::now();
    log.stream.reset();
    QTRY_COMPARE(upstream.disconnected, 1);
    QVERIFY(upstream.lastDisconnect - dropped < 50ms);
    QCOMPARE(log.story(), QByteArray("start(m) text(a)"));
}

void TestBackendsOnTheWire::stalledStream()
{
    RawUpstream upstream(
        [](QTcpSocket &socket, const RawRequest &) { socket.write(chunkedHead() + chunk(delta("a"))); });
    RouteSettings route = routeTo(upstream);
    route.timeouts.read = 50ms;
    OpenAiBackend backend(route, *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_COMPARE(log.story(), QByteArray("start(m) text(a) fail(upstream_timeout)"));
    QTRY_COMPARE(upstream.open, 0);
}

void TestBackendsOnTheWire::refusal()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("429 Too Many Requests", R"({"error":{"message":"Slow down"}})",
                                "application/json", "Retry-After: 7\r\n"));
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_COMPARE(log.story(), QByteArray("fail(upstream_rejected)"));
    QCOMPARE(log.error.message, QStringLiteral("Slow down"));
    QCOMPARE(log.error.retryAfter, 7s);
}

void TestBackendsOnTheWire::redirect()
{
    RawUpstream elsewhere([](QTcpSocket &socket, const RawRequest &) { socket.abort(); });
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("307 Temporary Redirect", {}, "text/plain",
                                "Location: " + elsewhere.url().toEncoded() + "\r\n"));
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_COMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY2(log.error.message.contains(QStringLiteral("redirect")), qPrintable(log.error.message));
    QCOMPARE(elsewhere.accepted, 0);
}

void TestBackendsOnTheWire::compressed()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(httpAnswer("200 OK",
                                QByteArray::fromHex("1f8b08000000000000034bcc4a040086cf0c5303000000"),
                                "application/json", "Content-Encoding: gzip\r\n"));
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(false)));
    QTRY_COMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY2(log.error.detail.contains(QStringLiteral("gzip")), qPrintable(log.error.detail));
}

void TestBackendsOnTheWire::garbage_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("story");
    const QByteArray failed = "fail(upstream_failed)";
    const QByteArray cut = "start(m) text(a) fail(upstream_failed)";
    QTest::addRow("no HTTP") << QByteArray("SSH-2.0-OpenSSH\r\n") << failed;
    QTest::addRow("nothing") << QByteArray() << failed;
    QTest::addRow("binary body") << httpAnswer("200 OK", QByteArray(1000, '\xff')) << failed;
    QTest::addRow("cut body") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choi")
                              << failed;
    QTest::addRow("cut chunk") << chunkedHead() + chunk(delta("a")) + "ff\r\ndata: {" << cut;
    QTest::addRow("cut between chunks") << chunkedHead() + chunk(delta("a")) << cut;
    QTest::addRow("bad chunk size") << chunkedHead() + chunk(delta("a")) + "zz\r\n" << cut;
    QTest::addRow("end without [DONE]") << chunkedHead() + chunk(delta("a")) + lastChunk << cut;
}

void TestBackendsOnTheWire::garbage()
{
    QFETCH(const QByteArray, sent);
    QFETCH(const QByteArray, story);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &) {
        socket.write(sent);
        socket.disconnectFromHost();
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_VERIFY(log.isOver());
    QCOMPARE(log.story(), story);
    QCOMPARE(upstream.requests, 1);
}

void TestBackendsOnTheWire::nobodyListens()
{
    auto upstream = std::make_unique<RawUpstream>(nullptr);
    OpenAiBackend backend(routeTo(*upstream), *m_http);
    upstream.reset();
    EventLog log(backend.open(chatRequest(true)));
    QCOMPARE(log.story(), QByteArray());
    QTRY_COMPARE(log.story(), QByteArray("fail(upstream_unreachable)"));
    const auto future = backend.models();
    QTRY_VERIFY(future.isFinished());
    QCOMPARE(future.result().error().code, ErrorCode::UpstreamUnreachable);
}

void TestBackendsOnTheWire::slowModelsDoNotHang()
{
    RawUpstream upstream([](QTcpSocket &, const RawRequest &) {});
    RouteSettings route = routeTo(upstream);
    route.timeouts.connect = 40ms;
    route.timeouts.read = 40ms;
    OpenAiBackend backend(route, *m_http);
    const auto future = backend.models();
    QTRY_VERIFY_WITH_TIMEOUT(future.isFinished(), 1'000);
    QCOMPARE(future.result().error().code, ErrorCode::UpstreamTimeout);
}

void TestBackendsOnTheWire::pausedStreamLosesNothing()
{
    constexpr int events = 5'000;
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(chunkedHead());
        for (int i = 0; i < events; ++i)
            socket.write(chunk(delta("a")));
        socket.write(chunk(lastEvents) + lastChunk);
    });
    OpenAiBackend backend(routeTo(upstream), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    connect(log.stream.get(), &ChatStream::event, this, [&] {
        if (log.words.size() % 500 != 0)
            return;
        log.stream->pause();
        QTimer::singleShot(1, &log, [&] { log.stream->resume(); });
    });
    QTRY_VERIFY_WITH_TIMEOUT(log.isOver(), 30'000);
    QCOMPARE(log.words.size(), events + 3);
    QCOMPARE(log.words.last(), QByteArray("done"));
}

void TestBackendsOnTheWire::ollama()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &request) {
        if (request.line.startsWith("GET /api/tags "))
            socket.write(httpAnswer("200 OK", R"({"models":[{"name":"m:latest","model":"m:latest"}]})"));
        else if (request.line.startsWith("POST /api/chat "))
            socket.write(chunkedHead("application/x-ndjson") +
                         chunk("{\"model\":\"m\",\"message\":{\"content\":\"H\"},\"done\":false}\n") +
                         chunk("{\"model\":\"m\",\"message\":{\"content\":\"i\"},\"do") +
                         chunk("ne\":true,\"done_reason\":\"stop\"}\n") + lastChunk);
    });
    OllamaBackend backend(routeTo(upstream, "/"), *m_http);
    EventLog log(backend.open(chatRequest(true)));
    QTRY_COMPARE(log.story(), QByteArray("start(m) text(H) text(i) finish(0) done"));
    const auto future = backend.models();
    QTRY_VERIFY(future.isFinished());
    QVERIFY(future.result());
    QCOMPARE(future.result()->first().id, QByteArray("m:latest"));
}

int main(int argc, char **argv)
{
    return testBothClients<TestBackendsOnTheWire>(argc, argv);
}
#include "tst_backends_on_the_wire.moc"

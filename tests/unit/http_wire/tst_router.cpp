// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/router.h"

#include <QTest>

using namespace gatehouse;

using Parameters = QHash<QByteArray, QByteArray>;
Q_DECLARE_METATYPE(Parameters)

namespace {

Router makeRouter(bool reversed)
{
    QList<std::pair<QByteArray, QByteArray>> endpoints{
        {"GET", "/"},
        {"GET", "/v1/models"},
        {"GET", "/v1/models/{id...}"},
        {"POST", "/v1/models/{id}/load"},
        {"GET", "/keys/{id}"},
        {"DELETE", "/keys/{id}"},
        {"GET", "/keys/new"},
        {"POST", "/keys/{id}/{action}"},
        {"POST", "/keys/{id}/revoke"},
        {"GET", "/files/{name}/raw"},
        {"GET", "/files/{path...}"},
    };
    if (reversed)
        std::reverse(endpoints.begin(), endpoints.end());
    Router router;
    for (const auto &[method, pattern] : endpoints)
        router.add(method, pattern, [](Request, ResponseSink &) {});
    return router;
}

Request makeRequest(QByteArray method, QByteArray path)
{
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    return request;
}

} // namespace

class TestRouter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void finds_data();
    void finds();
    void refuses_data();
    void refuses();
    void methodNotAllowedTellsTheMethods();
    void firstOfEqualsWins();
    void callsTheHandlerThatWasAdded();
    void webSockets();
};

void TestRouter::finds_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<Parameters>("parameters");
    const auto row = [](const char *method, const char *path, const char *pattern,
                        Parameters parameters = {}) {
        QTest::addRow("%s %s", method, path)
            << QByteArray(method) << QByteArray(path) << QByteArray(pattern) << std::move(parameters);
    };
    row("GET", "/", "/");
    row("HEAD", "/", "/");
    row("GET", "/v1/models", "/v1/models");
    row("GET", "/v1/models/a", "/v1/models/{id...}", {{"id", "a"}});
    row("GET", "/v1/models/org/a%20b", "/v1/models/{id...}", {{"id", "org/a b"}});
    row("GET", "/v1/models//", "/v1/models/{id...}", {{"id", "/"}});
    row("POST", "/v1/models/org%2Fa/load", "/v1/models/{id}/load", {{"id", "org/a"}});
    row("GET", "/v1/models/a/load", "/v1/models/{id...}", {{"id", "a/load"}});
    row("GET", "/keys/new", "/keys/new");
    row("GET", "/keys/newer", "/keys/{id}", {{"id", "newer"}});
    row("HEAD", "/keys/%6eew", "/keys/{id}", {{"id", "new"}});
    row("DELETE", "/keys/new", "/keys/{id}", {{"id", "new"}});
    row("GET", "/keys/..", "/keys/{id}", {{"id", ".."}});
    row("GET", "/keys/%2e%2E%2f", "/keys/{id}", {{"id", "../"}});
    row("POST", "/keys/1/revoke", "/keys/{id}/revoke", {{"id", "1"}});
    row("POST", "/keys/1/renew", "/keys/{id}/{action}", {{"id", "1"}, {"action", "renew"}});
    row("GET", "/files/a/raw", "/files/{name}/raw", {{"name", "a"}});
    row("GET", "/files/a/raw/", "/files/{path...}", {{"path", "a/raw/"}});
    row("GET", "/files/{path...}", "/files/{path...}", {{"path", "{path...}"}});
    QTest::newRow("NUL") << QByteArray("GET") << QByteArray("/keys/a%00b") << QByteArray("/keys/{id}")
                         << Parameters{{"id", QByteArray("a\0b", 3)}};
}

void TestRouter::finds()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    for (const bool reversed : {false, true}) { // The order of adding must not matter here.
        const Router router = makeRouter(reversed);
        Request request = makeRequest(method, path);
        const auto found = router.find(request);
        QVERIFY(found);
        QTEST((*found)->pattern, "pattern");
        QTEST(request.endpoint, "pattern");
        QTEST(request.pathParameters, "parameters");
        QCOMPARE(request.path, path);
    }
}

void TestRouter::refuses_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<int>("code");
    const auto row = [](const char *method, const char *path, ErrorCode code) {
        QTest::addRow("%s %s", method, path)
            << QByteArray(method) << QByteArray(path) << static_cast<int>(code);
    };
    row("GET", "/unknown", ErrorCode::NotFound);
    row("GET", "/v1", ErrorCode::NotFound);
    row("GET", "/v1/models/", ErrorCode::NotFound);
    row("GET", "/V1/models", ErrorCode::NotFound);
    row("GET", "//v1/models", ErrorCode::NotFound);
    row("GET", "/v1%2Fmodels", ErrorCode::NotFound);
    row("GET", "/keys/", ErrorCode::NotFound);
    row("GET", "/keys/new/", ErrorCode::NotFound);
    row("GET", "/v1/../keys/new", ErrorCode::NotFound);
    row("OPTIONS", "*", ErrorCode::NotFound);
    row("GET", "", ErrorCode::NotFound);
    row("GET", "/keys/%", ErrorCode::InvalidRequest);
    row("GET", "/keys/%4", ErrorCode::InvalidRequest);
    row("GET", "/keys/%zz", ErrorCode::InvalidRequest);
    row("GET", "/v1/models/a/%u0041", ErrorCode::InvalidRequest);
    row("PUT", "/keys/new", ErrorCode::MethodNotAllowed);
    row("get", "/keys/new", ErrorCode::MethodNotAllowed);
    row("HEAD", "/keys/1/revoke", ErrorCode::MethodNotAllowed);
    row("POST", "/", ErrorCode::MethodNotAllowed);
}

void TestRouter::refuses()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    const Router router = makeRouter(false);
    Request request = makeRequest(method, path);
    const auto found = router.find(request);
    QVERIFY(!found);
    QTEST(static_cast<int>(found.error().code), "code");
}

void TestRouter::methodNotAllowedTellsTheMethods()
{
    const Router router = makeRouter(false);
    Request request = makeRequest("PUT", "/keys/new");
    QCOMPARE(router.find(request).error().detail, QStringLiteral("GET, HEAD, DELETE"));
    request = makeRequest("PATCH", "/keys/1/revoke");
    QCOMPARE(router.find(request).error().detail, QStringLiteral("POST"));
}

void TestRouter::firstOfEqualsWins()
{
    Router router;
    int called = 0;
    router.add("GET", "/a/{x}", [&](Request, ResponseSink &) { called = 1; });
    router.add("GET", "/a/{y}", [&](Request, ResponseSink &) { called = 2; });
    Request request = makeRequest("GET", "/a/b");
    const auto found = router.find(request);
    QVERIFY(found);
    QCOMPARE((*found)->pattern, "/a/{x}");
}

void TestRouter::callsTheHandlerThatWasAdded()
{
    class NoSink : public ResponseSink
    {
        void send(const Response &) override {}
        void begin(int, const Headers &) override {}
        void write(const QByteArray &) override {}
        void end() override {}
        void abort() override {}
        bool hasBegun() const override { return false; }
        qint64 pendingBytes() const override { return 0; }
    } sink;
    Router router;
    QByteArray called;
    for (const char *pattern : {"/{a}/z", "/a/z", "/a/{b}", "/{a...}"})
        router.add("GET", pattern, [&called](Request request, ResponseSink &) { called = request.endpoint; });
    for (const auto &[path, pattern] : QList<std::pair<QByteArray, QByteArray>>{
             {"/a/z", "/a/z"}, {"/a/y", "/a/{b}"}, {"/b/z", "/{a}/z"}, {"/b", "/{a...}"}}) {
        Request request = makeRequest("GET", path);
        const auto found = router.find(request);
        QVERIFY(found);
        (*found)->handler(request, sink);
        QCOMPARE(called, pattern);
    }
}

void TestRouter::webSockets()
{
    Router router;
    const WebSocketGate gate = [](const Request &, QObject &, const auto &decide) {
        decide(QByteArray());
    };
    const WebSocketHandler handler = [](Request, WebSocketChannel &) {
    };
    router.addWebSocket("/ws", gate, handler);
    router.addWebSocket("/websockets/chat/{session_id}", gate, handler);
    Request request = makeRequest("GET", "/websockets/chat/a%2Fb");
    const auto found = router.findWebSocket(request);
    QVERIFY(found);
    QCOMPARE(request.endpoint, "/websockets/chat/{session_id}");
    QCOMPARE(request.pathParameters.value("session_id"), "a/b");
    request = makeRequest("GET", "/websockets/chat");
    QCOMPARE(router.findWebSocket(request).error().code, ErrorCode::NotFound);
    request = makeRequest("GET", "/ws");
    QCOMPARE(router.find(request).error().code, ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(TestRouter)
#include "tst_router.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "examination.h"
#include "fakes/fake_upstream.h"
#include "raw_upstream.h"

#include <QTest>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;
using test::Examination;
using test::examine;
using test::routeTo;

/// Where the server is reached, and what it says to being asked.
class DoctorServiceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void healthyServerIsUsable_data();
    void healthyServerIsUsable();
    void refusedCredentialIsTold_data();
    void refusedCredentialIsTold();
    void wrongPathIsPutRight();
    void ollamaSpokenToAsOpenAi();
    void openAiSpokenToAsOllama();
    void nothingOfTheKindAtAll();
    void serverWithoutListIsUsableWithNamedModels();
    void unlistedModelIsAWarning();
    void renamedModelIsAskedByItsOwnName();
    void noModelAtAll();
    void garbageIsTold();
    void redirectIsTold();
    void stallingModelEndsInTime();
    void busyServerIsAWarning();
    void brokenModelIsTold();
    void embeddingModelIsTold();
    void thinkingModelIsAskedForMore();
};

namespace {

constexpr char listOfTwo[] = R"({"object":"list","data":[{"id":"small"},{"id":"big"}]})";
constexpr char hello[] = R"({"model":"small","choices":[{"index":0,"message":{"role":"assistant",
    "content":"Hi"},"finish_reason":"length"}]})";
constexpr char notThere[] = R"({"detail":"Not Found"})";

/// Answers each path that begins so; all others do not exist.
RawUpstream::Handler paths(const QHash<QByteArray, QByteArray> &answers)
{
    return [answers](QTcpSocket &socket, const RawRequest &request) {
        const QByteArray path = request.line.split(' ').value(1);
        socket.write(answers.value(path, httpAnswer("404 Not Found", notThere)));
    };
}

QByteArray ok(const char *body)
{
    return httpAnswer("200 OK", body);
}

} // namespace

void DoctorServiceTest::healthyServerIsUsable_data()
{
    QTest::addColumn<RouteKind>("kind");
    QTest::newRow("openai") << RouteKind::OpenAi;
    QTest::newRow("ollama") << RouteKind::Ollama;
}

void DoctorServiceTest::healthyServerIsUsable()
{
    QFETCH(const RouteKind, kind);
    FakeUpstream upstream;
    upstream.setModels({"small", "big"});
    const Examination examination =
        examine(routeTo(kind == RouteKind::Ollama ? upstream.ollamaUrl() : upstream.openAiUrl(), kind));
    QVERIFY2(examination.finding("models", "ok").contains(QStringLiteral("2 model")),
             qPrintable(examination.text));
    QVERIFY(examination.finding("one token", "ok").startsWith(QStringLiteral("\"small\" answered after ")));
    QVERIFY(examination.says("  usable\n"));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
    const QByteArray body = upstream.requests().last().request.body;
    QVERIFY2(body.contains(kind == RouteKind::Ollama ? R"("num_predict":1)" : R"("max_tokens":1)"), body);
}

void DoctorServiceTest::refusedCredentialIsTold_data()
{
    QTest::addColumn<QByteArray>("apiKey");
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<QString>("words");
    const QString wrong = QStringLiteral("refuses the credential");
    const QString missing = QStringLiteral("give the route \"box\" an api_key");
    QTest::newRow("401, none") << QByteArray() << QByteArray("401 Unauthorized") << missing;
    QTest::newRow("403, none") << QByteArray() << QByteArray("403 Forbidden") << missing;
    QTest::newRow("401, wrong") << QByteArray("sk-hidden-1") << QByteArray("401 Unauthorized") << wrong;
    QTest::newRow("403, wrong") << QByteArray("sk-hidden-1") << QByteArray("403 Forbidden") << wrong;
}

void DoctorServiceTest::refusedCredentialIsTold()
{
    QFETCH(const QByteArray, apiKey);
    QFETCH(const QByteArray, status);
    QFETCH(const QString, words);
    RawUpstream upstream([&](QTcpSocket &socket, const RawRequest &request) {
        // A server that tells everybody what it was sent.
        socket.write(httpAnswer(status.constData(), R"({"error":{"message":"Bad credential: )" +
                                                        request.headers.value("authorization") + R"("}})"));
    });
    RouteSettings route = routeTo(upstream.url("/v1"));
    route.apiKey = Secret(apiKey);
    const Examination examination = examine(route);
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(words), qPrintable(examination.text));
    QVERIFY(examination.says("Bad credential"));
    QVERIFY(!examination.says("sk-hidden-1"));
    QCOMPARE(upstream.requests, 1); // No token is asked for.
}

void DoctorServiceTest::wrongPathIsPutRight()
{
    RawUpstream upstream(paths({{"/openai/v1/models", ok(listOfTwo)}}));
    const Examination examination = examine(routeTo(upstream.url("/openai/")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    const QString right =
        QStringLiteral("kind = \"openai\", url = \"%1\"").arg(upstream.url("/openai/v1").toString());
    QVERIFY2(examination.finding("models", "failed").contains(right), qPrintable(examination.text));
}

void DoctorServiceTest::ollamaSpokenToAsOpenAi()
{
    RawUpstream upstream(paths({{"/api/tags", ok(R"({"models":[{"model":"small"}]})")}}));
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("kind = \"ollama\"")),
             qPrintable(examination.text));
}

void DoctorServiceTest::openAiSpokenToAsOllama()
{
    RawUpstream upstream(paths({{"/v1/models", ok(listOfTwo)}}));
    const Examination examination = examine(routeTo(upstream.url(""), RouteKind::Ollama));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("kind = \"openai\"")),
             qPrintable(examination.text));
}

void DoctorServiceTest::nothingOfTheKindAtAll()
{
    RawUpstream upstream(paths({}));
    const Examination examination = examine(routeTo(upstream.url("")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("should end in /v1")),
             qPrintable(examination.text));
}

void DoctorServiceTest::serverWithoutListIsUsableWithNamedModels()
{
    RawUpstream upstream(paths({{"/v1/chat/completions", ok(hello)}}));
    RouteSettings route = routeTo(upstream.url("/v1"));
    route.models = {QStringLiteral("small")};
    const Examination examination = examine(route);
    QVERIFY2(!examination.finding("models", "warning").isEmpty(), qPrintable(examination.text));
    QVERIFY(!examination.finding("one token", "ok").isEmpty());
    QCOMPARE(examination.exitCode, int(ExitSuccess));
}

void DoctorServiceTest::unlistedModelIsAWarning()
{
    RawUpstream upstream(paths({{"/v1/models", ok(listOfTwo)}, {"/v1/chat/completions", ok(hello)}}));
    RouteSettings route = routeTo(upstream.url("/v1"));
    route.models = {QStringLiteral("small"), QStringLiteral("smal")};
    const Examination examination = examine(route);
    const QString finding = examination.finding("models", "warning");
    QVERIFY2(finding.contains(QStringLiteral("doesn't list \"smal\",")), qPrintable(examination.text));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
}

void DoctorServiceTest::renamedModelIsAskedByItsOwnName()
{
    RawUpstream upstream(paths({{"/v1/models", ok(listOfTwo)}, {"/v1/chat/completions", ok(hello)}}));
    RouteSettings route = routeTo(upstream.url("/v1"));
    route.models = {QStringLiteral("mine")};
    route.names = {{QStringLiteral("mine"), QStringLiteral("big")}};
    const Examination examination = examine(route);
    QVERIFY2(!examination.finding("models", "ok").isEmpty(), qPrintable(examination.text));
    QVERIFY2(upstream.last.body.contains(R"("model":"big")"), upstream.last.body);
}

void DoctorServiceTest::noModelAtAll()
{
    RawUpstream upstream(paths({{"/api/tags", ok(R"({"models":[]})")}}));
    const Examination examination = examine(routeTo(upstream.url(""), RouteKind::Ollama));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("\"ollama pull\"")),
             qPrintable(examination.text));
}

void DoctorServiceTest::garbageIsTold()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write("SSH-2.0-OpenSSH_9.2\r\n\x01\x02\r\n");
        socket.disconnectFromHost();
    });
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("port of a model server")),
             qPrintable(examination.text));
}

void DoctorServiceTest::redirectIsTold()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &) {
        socket.write(
            httpAnswer("308 Permanent Redirect", {}, "text/html", "Location: https://elsewhere/\r\n"));
    });
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("models", "failed").contains(QStringLiteral("doesn't follow")),
             qPrintable(examination.text));
}

void DoctorServiceTest::stallingModelEndsInTime()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &request) {
        if (request.line.startsWith("GET"))
            socket.write(ok(listOfTwo));
    });
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("one token", "failed").contains(QStringLiteral("longer timeouts")),
             qPrintable(examination.text));
    QTRY_COMPARE(upstream.open, 0); // And the question was taken back.
}

void DoctorServiceTest::busyServerIsAWarning()
{
    RawUpstream upstream(
        paths({{"/v1/models", ok(listOfTwo)},
               {"/v1/chat/completions",
                httpAnswer("429 Too Many Requests", R"({"error":{"message":"slow down"}})")}}));
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QVERIFY2(examination.finding("one token", "warning").contains(QStringLiteral("slow down")),
             qPrintable(examination.text));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
}

void DoctorServiceTest::brokenModelIsTold()
{
    RawUpstream upstream(
        paths({{"/v1/models", ok(listOfTwo)},
               {"/v1/chat/completions",
                httpAnswer("500 Internal Server Error", R"({"error":{"message":"out of memory"}})")}}));
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    const QString finding = examination.finding("one token", "failed");
    QVERIFY2(finding.contains(QStringLiteral("out of memory")) &&
                 finding.contains(QStringLiteral("server's own log")),
             qPrintable(examination.text));
}

void DoctorServiceTest::embeddingModelIsTold()
{
    RawUpstream upstream(
        paths({{"/v1/models", ok(R"({"object":"list","data":[{"id":"nomic-embed-text"}]})")},
               {"/v1/chat/completions",
                httpAnswer("400 Bad Request", R"({"error":{"message":"does not support chat"}})")},
               {"/v1/embeddings",
                ok(R"({"object":"list","data":[{"index":0,"embedding":[0.5,1]}],"model":"nomic-embed-text",
                   "usage":{"prompt_tokens":1,"total_tokens":1}})")}}));
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QVERIFY2(examination.finding("one token", "ok").contains(QStringLiteral("for embeddings")),
             qPrintable(examination.text));
    QCOMPARE(examination.exitCode, int(ExitSuccess));
}

void DoctorServiceTest::thinkingModelIsAskedForMore()
{
    RawUpstream upstream([](QTcpSocket &socket, const RawRequest &request) {
        if (request.line.startsWith("GET"))
            socket.write(ok(listOfTwo));
        else if (request.body.contains("max_completion_tokens"))
            socket.write(ok(hello));
        else
            socket.write(httpAnswer(
                "400 Bad Request",
                R"({"error":{"message":"Unsupported parameter: use 'max_completion_tokens' instead."}})"));
    });
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QVERIFY2(!examination.finding("one token", "ok").isEmpty(), qPrintable(examination.text));
    QCOMPARE(upstream.requests, 3);
}

QTEST_GUILESS_MAIN(DoctorServiceTest)
#include "tst_doctor_service.moc"

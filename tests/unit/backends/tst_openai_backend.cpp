// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/openai_backend.h"
#include "backends/openai_reader.h"
#include "fake_http.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

RouteSettings route()
{
    RouteSettings route;
    route.key = QStringLiteral("box");
    route.url = QUrl(QStringLiteral("http://box:8080/v1"));
    route.apiKey = Secret("k");
    route.timeouts.connect = 2s;
    return route;
}

constexpr char folded[] = R"({"id":"x","object":"chat.completion","model":"m-1","choices":[{"index":0,)"
                          R"("message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],)"
                          R"("usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})";
constexpr char streamed[] =
    ": hello\n\n"
    "data: "
    "{\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"H\"}}]}\n\n"
    ": still here\n\n"
    "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"i\"}}]}\n\n"
    "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"model\":\"m-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n"
    "data: [DONE]\n\n";
constexpr char foldedStory[] = "start(m-1) text(Hi) finish(0) usage(3+1) done";
constexpr char streamedStory[] = "start(m-1) text(H) text(i) finish(0) usage(3+1) done";

} // namespace

class TestOpenAiBackend : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void request_data();
    void request();
    void promptsGoToCompletions();
    void answers_data();
    void answers();
    void eventThatIsTooLong();
    void severalPrompts();
    void toolCallIdsDifferBetweenAnswers();
    void models();
    void modelsThatFail();
    void modelsOfABackendThatEnds();

private:
    FakeHttpClient m_http;
};

void TestOpenAiBackend::request_data()
{
    QTest::addColumn<bool>("stream");
    QTest::addRow("stream") << true;
    QTest::addRow("folded") << false;
}

void TestOpenAiBackend::request()
{
    QFETCH(const bool, stream);
    OpenAiBackend backend(route(), m_http);
    const ChatStreamPtr opened = backend.open(chatRequest(stream));
    const UpstreamRequest &sent = m_http.requests.back();
    QCOMPARE(sent.method, QByteArray("POST"));
    QCOMPARE(sent.url, QUrl(QStringLiteral("http://box:8080/v1/chat/completions")));
    QCOMPARE(sent.streaming, stream);
    QVERIFY(sent.timeouts.connect == 2s);
    QCOMPARE(m_http.header("Authorization"), QByteArray("Bearer k"));
    QCOMPARE(m_http.header("Content-Type"), QByteArray("application/json"));
    QCOMPARE(m_http.header("Accept"), QByteArray(stream ? "text/event-stream" : "application/json"));
    const QJsonObject body = QJsonDocument::fromJson(sent.body).object();
    QCOMPARE(body.value(u"model").toString(), QStringLiteral("m"));
    QCOMPARE(body.value(u"stream").toBool(), stream);
}

void TestOpenAiBackend::promptsGoToCompletions()
{
    OpenAiBackend backend(route(), m_http);
    ChatRequest request = chatRequest(false);
    request.input = Prompt{.texts = {"Once"}};
    const ChatStreamPtr opened = backend.open(request);
    QCOMPARE(m_http.requests.back().url, QUrl(QStringLiteral("http://box:8080/v1/completions")));
}

void TestOpenAiBackend::answers_data()
{
    QTest::addColumn<bool>("asked");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("story");
    const auto row = [](const char *name, bool asked, const char *type, const char *body, const char *story) {
        QTest::addRow("%s", name) << asked << QByteArray(type) << QByteArray(body) << QByteArray(story);
    };
    row("stream", true, "text/event-stream; charset=utf-8", streamed, streamedStory);
    row("body", false, "application/json", folded, foldedStory);
    row("body for a stream", true, "application/json; charset=utf-8", folded, foldedStory);
    row("stream for a body", false, "Text/Event-Stream", streamed, streamedStory);
    row("stream of no type", true, "", streamed, streamedStory);
    row("body of no type", false, "text/plain", folded, foldedStory);
    row("cut stream", true, "text/event-stream",
        "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\"}}]}\n\n",
        "start(m-1) text(H) fail(upstream_failed)");
    row("half an event", true, "text/event-stream",
        "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\"",
        "fail(upstream_failed)");
    row("error event", true, "text/event-stream", "data: {\"error\":{\"message\":\"out of memory\"}}\n\n",
        "fail(upstream_failed)");
    row("page", false, "text/html", "<html><title>Hello</title></html>", "fail(upstream_failed)");
    row("page for a stream", true, "text/html", "<html><title>Hello</title></html>", "fail(upstream_failed)");
    row("nothing", false, "application/json", "", "fail(upstream_failed)");
    row("no stream", true, "text/event-stream", "", "fail(upstream_failed)");
}

void TestOpenAiBackend::answers()
{
    QFETCH(const bool, asked);
    QFETCH(const QByteArray, type);
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, story);
    OpenAiBackend backend(route(), m_http);
    for (const qsizetype step : {qsizetype(1), qsizetype(7), std::max<qsizetype>(1, body.size())}) {
        EventLog log(backend.open(chatRequest(asked)));
        const QPointer<FakeReply> reply = m_http.reply();
        reply->head(200, {{"Content-Type", type}});
        for (qsizetype i = 0; i < body.size(); i += step)
            reply->data(body.mid(i, step));
        reply->finish();
        QCOMPARE(log.story(), story);
    }
}

void TestOpenAiBackend::eventThatIsTooLong()
{
    OpenAiBackend backend(route(), m_http);
    EventLog log(backend.open(chatRequest(true)));
    const QPointer<FakeReply> reply = m_http.reply();
    reply->head(200, eventStream);
    reply->data("data: ");
    const QByteArray piece(1024 * 1024, 'x');
    for (int i = 0; i < 20 && !log.isOver(); ++i)
        reply->data(piece);
    QCOMPARE(log.story(), QByteArray("fail(upstream_failed)"));
    QVERIFY(reply->isCancelled);
}

void TestOpenAiBackend::severalPrompts()
{
    OpenAiBackend backend(route(), m_http);
    ChatRequest request = chatRequest(true);
    request.input = Prompt{.texts = {"Once", "Twice"}};
    EventLog log(backend.open(request));
    m_http.reply()->head(200, eventStream);
    m_http.reply()->data(R"(data: {"choices":[{"index":0,"text":"a","finish_reason":"stop"}]})"
                         "\n\n");
    m_http.reply()->finish(); // Without [DONE] only an end if both are answered.
    QCOMPARE(log.story(), QByteArray("start() text(a) finish(0) fail(upstream_failed)"));
}

void TestOpenAiBackend::toolCallIdsDifferBetweenAnswers()
{
    OpenAiBackend backend(route(), m_http);
    QSet<QByteArray> ids;
    for (int i = 0; i < 2; ++i) {
        const ChatStreamPtr stream = backend.open(chatRequest(false));
        connect(stream.get(), &ChatStream::event, this, [&](const ChatEvent &event) {
            if (const auto *call = std::get_if<ToolCallDelta>(&event))
                ids.insert(call->id);
        });
        m_http.reply()->head(200, jsonBody);
        m_http.reply()->data(R"({"choices":[{"index":0,"message":{"role":"assistant","tool_calls":)"
                             R"([{"type":"function","function":{"name":"f","arguments":"{}"}}]},)"
                             R"("finish_reason":"tool_calls"}]})");
        m_http.reply()->finish();
    }
    QCOMPARE(ids.size(), 2);
}

void TestOpenAiBackend::models()
{
    OpenAiBackend backend(route(), m_http);
    const auto future = backend.models();
    const UpstreamRequest &sent = m_http.requests.back();
    QCOMPARE(sent.method, QByteArray("GET"));
    QCOMPARE(sent.url, QUrl(QStringLiteral("http://box:8080/v1/models")));
    QCOMPARE(m_http.header("Authorization"), QByteArray("Bearer k"));
    QVERIFY(sent.timeouts.read == 5s);
    QVERIFY(sent.timeouts.total == 7s);
    m_http.reply()->head(200, jsonBody);
    m_http.reply()->data(R"({"object":"list","data":[{"id":"a"},)");
    QVERIFY(!future.isFinished());
    m_http.reply()->data(R"({"id":"b/c"}]})");
    m_http.reply()->finish();
    QVERIFY(future.isFinished());
    QVERIFY(future.result());
    QCOMPARE(future.result()->size(), 2);
    QCOMPARE(future.result()->at(1).id, QByteArray("b/c"));
}

void TestOpenAiBackend::modelsThatFail()
{
    OpenAiBackend backend(route(), m_http);
    const auto unreachable = backend.models();
    m_http.reply()->fail(ErrorCode::UpstreamUnreachable);
    QCOMPARE(unreachable.result().error().code, ErrorCode::UpstreamUnreachable);

    const auto refused = backend.models();
    m_http.reply()->head(401, jsonBody);
    m_http.reply()->data(R"({"error":{"message":"Who are you?"}})");
    m_http.reply()->finish();
    QCOMPARE(refused.result().error().code, ErrorCode::UpstreamRejected);
    QCOMPARE(refused.result().error().message, QStringLiteral("Who are you?"));

    const auto garbage = backend.models();
    m_http.reply()->head(200, jsonBody);
    m_http.reply()->data("<html>");
    m_http.reply()->finish();
    QCOMPARE(garbage.result().error().code, ErrorCode::UpstreamFailed);

    const auto endless = backend.models();
    const QPointer<FakeReply> reply = m_http.reply();
    reply->head(200, jsonBody);
    for (int i = 0; i < 20 && !endless.isFinished(); ++i)
        reply->data(QByteArray(1024 * 1024, ' '));
    QCOMPARE(endless.result().error().code, ErrorCode::UpstreamFailed);
    QVERIFY(reply->isCancelled);
}

void TestOpenAiBackend::modelsOfABackendThatEnds()
{
    auto backend = std::make_unique<OpenAiBackend>(route(), m_http);
    const auto future = backend->models();
    backend.reset();
    QVERIFY(future.isCanceled());
    QVERIFY(future.isFinished());
}

QTEST_GUILESS_MAIN(TestOpenAiBackend)
#include "tst_openai_backend.moc"

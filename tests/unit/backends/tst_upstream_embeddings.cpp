// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/embeddings_reader.h"
#include "backends/ollama_backend.h"
#include "backends/openai_backend.h"
#include "dialects/openai/embeddings.h"
#include "fake_http.h"
#include "unit/dialects/event_text.h"

#include <QTest>

using namespace gatehouse;

namespace {

RouteSettings route(const char *url)
{
    RouteSettings route;
    route.url = QUrl(QString::fromLatin1(url));
    return route;
}

ChatRequest embeddingRequest(EmbeddingInput input)
{
    ChatRequest request;
    request.model = "e";
    request.input = std::move(input);
    return request;
}

constexpr char openAiAnswer[] =
    R"({"object":"list","data":[{"object":"embedding","index":1,"embedding":[2,-3]},)"
    R"({"object":"embedding","index":0,"embedding":[0.5,1]}],"model":"e-1",)"
    R"("usage":{"prompt_tokens":4,"total_tokens":4}})";
constexpr char ollamaAnswer[] = R"({"model":"e-1","embeddings":[[0.5,1],[2,-3]],"prompt_eval_count":4})";
constexpr char story[] = "start(e-1) vector(0:0.5,1) vector(1:2,-3) usage(4+0) done";

} // namespace

/// How both kinds of upstream are asked for vectors.
class TestUpstreamEmbeddings : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void openAiRequest();
    void ollamaRequest();
    void ollamaTakesNoTokens();
    void answers_data();
    void answers();
    void tokenListsAreCounted();
    void refusal();
    void bodyIsBounded();

private:
    FakeHttpClient m_http;
};

void TestUpstreamEmbeddings::openAiRequest()
{
    OpenAiBackend backend(route("http://box:8080/v1"), m_http);
    const ChatStreamPtr opened = backend.open(embeddingRequest({.texts = {"a", "b"}, .dimensions = 2}));
    const UpstreamRequest &sent = m_http.requests.back();
    QCOMPARE(sent.url, QUrl(QStringLiteral("http://box:8080/v1/embeddings")));
    QCOMPARE(sent.body,
             QByteArray(R"({"model":"e","input":["a","b"],"encoding_format":"float","dimensions":2})"));
    QCOMPARE(m_http.header("Accept"), QByteArray("application/json"));
    QVERIFY(!sent.streaming);
}

void TestUpstreamEmbeddings::ollamaRequest()
{
    OllamaBackend backend(route("http://box:11434"), m_http);
    const ChatStreamPtr opened = backend.open(embeddingRequest({.texts = {"a"}}));
    const UpstreamRequest &sent = m_http.requests.back();
    QCOMPARE(sent.url, QUrl(QStringLiteral("http://box:11434/api/embed")));
    QCOMPARE(sent.body, QByteArray(R"({"model":"e","input":["a"]})"));
}

void TestUpstreamEmbeddings::ollamaTakesNoTokens()
{
    OllamaBackend backend(route("http://box:11434"), m_http);
    const size_t before = m_http.requests.size();
    EventLog log(backend.open(embeddingRequest({.tokens = "[1,2]"})));
    QTRY_COMPARE(log.story(), QByteArray("fail(invalid_request)"));
    QCOMPARE(log.error.param, QByteArray("input"));
    QCOMPARE(m_http.requests.size(), before);
}

void TestUpstreamEmbeddings::answers_data()
{
    QTest::addColumn<bool>("isOllama");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, bool isOllama, const QByteArray &body, const char *expected) {
        QTest::newRow(name) << isOllama << body << QByteArray(expected);
    };
    const char failure[] = "fail(upstream_failed)";
    row("OpenAI", false, openAiAnswer, story);
    row("Ollama", true, ollamaAnswer, story);
    row("OpenAI, cut", false, QByteArray(openAiAnswer).chopped(1), failure);
    row("Ollama, cut", true, QByteArray(ollamaAnswer).chopped(1), failure);
    row("OpenAI, nothing", false, {}, failure);
    row("Ollama, nothing", true, {}, failure);
    row("a chat's answer", false, R"({"choices":[{"index":0,"message":{"content":"Hi"}}]})", failure);
    row("one vector missing", true, R"({"embeddings":[[1]]})", failure);
}

void TestUpstreamEmbeddings::answers()
{
    QFETCH(const bool, isOllama);
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, expected);
    OpenAiBackend openAi(route("http://box:8080/v1"), m_http);
    OllamaBackend ollama(route("http://box:11434"), m_http);
    ChatBackend &backend = isOllama ? static_cast<ChatBackend &>(ollama) : openAi;
    for (const qsizetype step : {qsizetype(1), qsizetype(7), std::max<qsizetype>(1, body.size())}) {
        EventLog log(backend.open(embeddingRequest({.texts = {"a", "b"}})));
        const QPointer<FakeReply> reply = m_http.reply();
        reply->head(200, jsonBody);
        for (qsizetype i = 0; i < body.size(); i += step)
            reply->data(body.mid(i, step));
        QCOMPARE(log.story(), QByteArray());
        reply->finish();
        QCOMPARE(log.story(), expected);
    }
}

void TestUpstreamEmbeddings::tokenListsAreCounted()
{
    OpenAiBackend backend(route("http://box:8080/v1"), m_http);
    EventLog log(backend.open(embeddingRequest({.tokens = "[[1,2],[3]]"})));
    m_http.reply()->head(200, jsonBody);
    m_http.reply()->data(openAiAnswer);
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray(story));
}

void TestUpstreamEmbeddings::refusal()
{
    OpenAiBackend backend(route("http://box:8080/v1"), m_http);
    EventLog log(backend.open(embeddingRequest({.texts = {"a"}})));
    m_http.reply()->head(400, jsonBody);
    m_http.reply()->data(R"({"error":{"message":"input is too long","code":"too_long"}})");
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("fail(upstream_rejected)"));
    QCOMPARE(log.error.message, QStringLiteral("input is too long"));
}

void TestUpstreamEmbeddings::bodyIsBounded()
{
    const QByteArray body = R"({"data":[{"embedding":[1]}]})";
    EmbeddingsReader fits(&openai::decodeEmbeddings, 1, body.size());
    fits.append(body);
    QVERIFY(!fits.next());
    QCOMPARE(fits.end().size(), 3);

    EmbeddingsReader overflows(&openai::decodeEmbeddings, 1, body.size() - 1);
    overflows.append(body.first(20));
    QVERIFY(!overflows.next());
    overflows.append(body.mid(20));
    const std::optional<ChatEvents> events = overflows.next();
    QVERIFY(events);
    QVERIFY(test::describe(*events).startsWith("failed upstream_failed"));
}

QTEST_GUILESS_MAIN(TestUpstreamEmbeddings)
#include "tst_upstream_embeddings.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/ollama_backend.h"
#include "fake_http.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;

namespace {

RouteSettings route()
{
    RouteSettings route;
    route.kind = RouteKind::Ollama;
    route.url = QUrl(QStringLiteral("http://box:11434"));
    return route;
}

constexpr char streamed[] = R"({"model":"m","message":{"role":"assistant","content":"H"},"done":false})"
                            "\n"
                            R"({"model":"m","message":{"role":"assistant","content":"i"},"done":false})"
                            "\n"
                            R"({"model":"m","message":{"role":"assistant","content":""},"done":true,)"
                            R"("done_reason":"stop","prompt_eval_count":3,"eval_count":2})";

} // namespace

class TestOllamaBackend : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void request();
    void promptsGoToGenerate();
    void whatOllamaCannotDoFailsLater();
    void answers_data();
    void answers();
    void refusal();
    void models();

private:
    FakeHttpClient m_http;
};

void TestOllamaBackend::request()
{
    OllamaBackend backend(route(), m_http);
    const ChatStreamPtr stream = backend.open(chatRequest(true));
    const UpstreamRequest &sent = m_http.requests.back();
    QCOMPARE(sent.url, QUrl(QStringLiteral("http://box:11434/api/chat")));
    QVERIFY(sent.streaming);
    QCOMPARE(m_http.header("Authorization"), QByteArray());
    QCOMPARE(QJsonDocument::fromJson(sent.body).object().value(u"model").toString(), QStringLiteral("m"));
}

void TestOllamaBackend::promptsGoToGenerate()
{
    OllamaBackend backend(route(), m_http);
    ChatRequest request = chatRequest(false);
    request.input = Prompt{.texts = {"Once"}};
    const ChatStreamPtr stream = backend.open(request);
    QCOMPARE(m_http.requests.back().url, QUrl(QStringLiteral("http://box:11434/api/generate")));
}

void TestOllamaBackend::whatOllamaCannotDoFailsLater()
{
    OllamaBackend backend(route(), m_http);
    ChatRequest request = chatRequest(true);
    request.choices = 2;
    const size_t before = m_http.requests.size();
    EventLog log(backend.open(request));
    QCOMPARE(log.story(), QByteArray());
    QTRY_COMPARE(log.story(), QByteArray("fail(invalid_request)"));
    QCOMPARE(m_http.requests.size(), before);

    EventLog dropped(backend.open(request));
    dropped.stream->cancel();
    QTest::qWait(1);
    QCOMPARE(dropped.story(), QByteArray());
}

void TestOllamaBackend::answers_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("story");
    const QByteArray whole(streamed);
    QTest::addRow("lines") << whole + '\n'
                           << QByteArray("start(m) text(H) text(i) finish(0) usage(3+2) done");
    QTest::addRow("no last line end")
        << whole << QByteArray("start(m) text(H) text(i) finish(0) usage(3+2) done");
    QTest::addRow("one piece")
        << QByteArray(
               R"({"model":"m","message":{"role":"assistant","content":"Hi"},"done":true,"prompt_eval_count":3,"eval_count":2})")
        << QByteArray("start(m) text(Hi) finish(0) usage(3+2) done");
    QTest::addRow("cut") << whole.first(whole.lastIndexOf('\n') + 1)
                         << QByteArray("start(m) text(H) text(i) fail(upstream_failed)");
    QTest::addRow("half a line") << whole.first(20) << QByteArray("fail(upstream_failed)");
    QTest::addRow("error") << QByteArray(R"({"error":"no such model"})")
                           << QByteArray("fail(upstream_failed)");
    QTest::addRow("nothing") << QByteArray() << QByteArray("fail(upstream_failed)");
}

void TestOllamaBackend::answers()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, story);
    OllamaBackend backend(route(), m_http);
    for (const qsizetype step : {qsizetype(1), qsizetype(11), std::max<qsizetype>(1, body.size())}) {
        EventLog log(backend.open(chatRequest(true)));
        const QPointer<FakeReply> reply = m_http.reply();
        reply->head(200, {{"Content-Type", "application/x-ndjson"}});
        for (qsizetype i = 0; i < body.size(); i += step)
            reply->data(body.mid(i, step));
        reply->finish();
        QCOMPARE(log.story(), story);
    }
}

void TestOllamaBackend::refusal()
{
    OllamaBackend backend(route(), m_http);
    EventLog log(backend.open(chatRequest(true)));
    m_http.reply()->head(404, jsonBody);
    m_http.reply()->data(R"({"error":"model 'm' not found"})");
    m_http.reply()->finish();
    QCOMPARE(log.story(), QByteArray("fail(upstream_rejected)"));
    QCOMPARE(log.error.message, QStringLiteral("model 'm' not found"));
}

void TestOllamaBackend::models()
{
    OllamaBackend backend(route(), m_http);
    const auto future = backend.models();
    QCOMPARE(m_http.requests.back().url, QUrl(QStringLiteral("http://box:11434/api/tags")));
    m_http.reply()->head(200, jsonBody);
    m_http.reply()->data(R"({"models":[{"name":"llama3:latest","model":"llama3:latest"}]})");
    m_http.reply()->finish();
    QVERIFY(future.result());
    QCOMPARE(future.result()->first().id, QByteArray("llama3:latest"));
}

QTEST_GUILESS_MAIN(TestOllamaBackend)
#include "tst_ollama_backend.moc"

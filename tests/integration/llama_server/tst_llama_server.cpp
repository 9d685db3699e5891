// SPDX-License-Identifier: GPL-3.0-or-later
#include "integration/program/gatehouse_process.h"
#include "integration/program/raw_client.h"
#include "llama_server.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QSignalSpy>
#include <QTest>

using gatehouse::test::LlamaServer;

/// A real upstream of kind `openai` behind the real program.
class LlamaServerTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void modelsHaveTheServedWindow();
    void chatFolded();
    void chatStreamed();
    void tooLongIsTheCallersFault();
    void noEmbeddingsIsSaid();
    void embeddings();
    void doctorFindsItUsable();
    void killedWhileStreaming();
    void killedAndRestarted();

private:
    struct Answer
    {
        int status = 0;
        QByteArray text;
        QJsonObject json;
    };
    [[nodiscard]] Answer ask(const char *path, const QJsonObject &body = {});
    [[nodiscard]] static QJsonObject chat(const QString &text, int maxTokens);

    LlamaServer m_upstream;
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QNetworkAccessManager m_network;
};

QJsonObject LlamaServerTest::chat(const QString &text, int maxTokens)
{
    return {
        {QStringLiteral("max_tokens"), maxTokens},
        {QStringLiteral("messages"), QJsonArray{QJsonObject{{QStringLiteral("role"), QStringLiteral("user")},
                                                            {QStringLiteral("content"), text}}}}};
}

LlamaServerTest::Answer LlamaServerTest::ask(const char *path, const QJsonObject &body)
{
    QNetworkRequest request(m_gatehouse->url().resolved(QUrl(QString::fromLatin1(path))));
    request.setHeader(QNetworkRequest::ContentTypeHeader, QStringLiteral("application/json"));
    const std::unique_ptr<QNetworkReply> reply(
        body.isEmpty() ? m_network.get(request)
                       : m_network.post(request, QJsonDocument(body).toJson(QJsonDocument::Compact)));
    QSignalSpy finished(reply.get(), &QNetworkReply::finished);
    if (!reply->isFinished() && !finished.wait(60'000))
        return {};
    Answer answer{.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(),
                  .text = reply->readAll()};
    answer.json = QJsonDocument::fromJson(answer.text).object();
    return answer;
}

void LlamaServerTest::initTestCase()
{
    QVERIFY2(m_upstream.start(), m_upstream.log());
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("MODEL_ROUTE_LLAMA=") + m_upstream.url().toString()});
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

void LlamaServerTest::modelsHaveTheServedWindow()
{
    const Answer answer = ask("/v1/models");
    QCOMPARE(answer.status, 200);
    const QJsonArray models = answer.json[QLatin1String("data")].toArray();
    QVERIFY2(models.size() == 1, answer.text);
    QVERIFY(models.at(0)[QLatin1String("id")].toString().contains(QStringLiteral("gatehouse-demo")));
    // The model was made for 1024.
    QCOMPARE(models.at(0)[QLatin1String("context_length")].toInt(), LlamaServer::contextLength);
}

void LlamaServerTest::chatFolded()
{
    const Answer answer = ask("/v1/chat/completions", chat(QStringLiteral("Hello!"), 5));
    QVERIFY2(answer.status == 200, answer.text);
    const QJsonObject choice = answer.json[QLatin1String("choices")][0].toObject();
    QVERIFY2(!choice[QLatin1String("message")][QLatin1String("content")].toString().isEmpty(), answer.text);
    QCOMPARE(choice[QLatin1String("finish_reason")].toString(), QStringLiteral("length"));
    const QJsonObject usage = answer.json[QLatin1String("usage")].toObject();
    QCOMPARE(usage[QLatin1String("completion_tokens")].toInt(), 5);
    QVERIFY(usage[QLatin1String("prompt_tokens")].toInt() > 0);
}

void LlamaServerTest::chatStreamed()
{
    QJsonObject body = chat(QStringLiteral("Hello!"), 5);
    body.insert(QStringLiteral("stream"), true);
    body.insert(QStringLiteral("stream_options"), QJsonObject{{QStringLiteral("include_usage"), true}});
    const Answer answer = ask("/v1/chat/completions", body);
    QVERIFY2(answer.status == 200, answer.text);
    QString text;
    int completionTokens = 0;
    const QByteArrayList events = answer.text.split('\n');
    for (const QByteArray &line : events) {
        if (!line.startsWith("data: {"))
            continue;
        const QJsonObject event = QJsonDocument::fromJson(line.mid(6)).object();
        text +=
            event[QLatin1String("choices")][0][QLatin1String("delta")][QLatin1String("content")].toString();
        completionTokens += event[QLatin1String("usage")][QLatin1String("completion_tokens")].toInt();
    }
    QVERIFY2(!text.isEmpty(), answer.text);
    QVERIFY2(completionTokens == 5, answer.text);
    QVERIFY2(answer.text.endsWith("data: [DONE]\n\n"), answer.text);
}

void LlamaServerTest::tooLongIsTheCallersFault()
{
    const QString tooLong = QStringLiteral("Hello! ").repeated(2 * LlamaServer::contextLength);
    for (const bool stream : {false, true}) {
        QJsonObject body = chat(tooLong, 5);
        body.insert(QStringLiteral("stream"), stream);
        const Answer answer = ask("/v1/chat/completions", body);
        QVERIFY2(answer.status == 400, answer.text);
        QCOMPARE(answer.json[QLatin1String("error")][QLatin1String("code")].toString(),
                 QStringLiteral("exceed_context_size_error"));
    }
}

void LlamaServerTest::noEmbeddingsIsSaid()
{
    const Answer answer =
        ask("/v1/embeddings", {{QStringLiteral("input"), QStringLiteral("Hello!")},
                               {QStringLiteral("model"), QStringLiteral("llama:gatehouse-demo")}});
    QVERIFY2(answer.status >= 400, answer.text);
    QVERIFY2(answer.text.contains("does not support embeddings") || answer.status == 404, answer.text);
}

void LlamaServerTest::embeddings()
{
    LlamaServer upstream(
        {QStringLiteral("--embeddings"), QStringLiteral("--pooling"), QStringLiteral("mean")});
    QVERIFY2(upstream.start(), upstream.log());
    GatehouseProcess gatehouse(
        QStringList{QStringLiteral("MODEL_ROUTE_VECTORS=") + upstream.url().toString()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(
        RawClient::post("/v1/embeddings", R"({"input":["one","two"]})", "Connection: close\r\n")));
    QVERIFY(client.readUntilClosed(30'000));
    QVERIFY2(client.received().startsWith("HTTP/1.1 200"), client.received());
    const QJsonObject body =
        QJsonDocument::fromJson(client.received().mid(client.received().indexOf("\r\n\r\n") + 4)).object();
    const QJsonArray vectors = body[QLatin1String("data")].toArray();
    QCOMPARE(vectors.size(), 2);
    QVERIFY(vectors.at(0)[QLatin1String("embedding")].toArray().size() > 1);
}

void LlamaServerTest::doctorFindsItUsable()
{
    const GatehouseProcess::Ran ran = m_gatehouse->run({QStringLiteral("doctor"), QStringLiteral("llama")});
    QVERIFY2(ran.exitCode == 0, ran.out + ran.err);
    QVERIFY2(ran.out.contains("1 model"), ran.out);
    QVERIFY2(ran.out.contains(" answered after "), ran.out);
}

void LlamaServerTest::killedWhileStreaming()
{
    RawClient client(m_gatehouse->port());
    QVERIFY(client.send(RawClient::post("/v1/chat/completions",
                                        R"({"stream":true,"max_tokens":400,"ignore_eos":true,
                                            "messages":[{"role":"user","content":"Hello!"}]})",
                                        "Connection: close\r\n")));
    QVERIFY2(client.readUntil("\"content\":\"", 30'000), client.received());
    m_upstream.kill();
    QVERIFY(client.readUntilClosed(30'000));
    QVERIFY2(client.received().contains("data: {\"error\":"), client.received());
    QVERIFY2(!client.received().contains("[DONE]"), client.received());
    QVERIFY2(m_upstream.start(), m_upstream.log());
    QTRY_COMPARE_WITH_TIMEOUT(ask("/v1/chat/completions", chat(QStringLiteral("Hello!"), 1)).status, 200,
                              10'000);
}

void LlamaServerTest::killedAndRestarted()
{
    m_upstream.kill();
    QCOMPARE(ask("/v1/chat/completions", chat(QStringLiteral("Hello!"), 1)).status, 502);
    QVERIFY2(m_upstream.start(), m_upstream.log());
    // The route may be left alone for a moment.
    QTRY_COMPARE_WITH_TIMEOUT(ask("/v1/chat/completions", chat(QStringLiteral("Hello!"), 1)).status, 200,
                              10'000);
}

QTEST_GUILESS_MAIN(LlamaServerTest)
#include "tst_llama_server.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using fakes::behave;

namespace {

const QByteArray question = R"("messages":[{"role":"user","content":"Hello!"}])";

QByteArray chat(const QByteArray &members)
{
    return RawClient::post("/v1/chat/completions", "{" + members + "," + question + "}");
}

/// The body of a folded answer.
QJsonObject bodyOf(const RawClient &client)
{
    const QByteArray &bytes = client.received();
    return QJsonDocument::fromJson(bytes.mid(bytes.indexOf("\r\n\r\n") + 4)).object();
}

} // namespace

/// A request through the program to each kind of upstream, and back.
class ProgramRelayTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void folds_data();
    void folds();
    void streams_data();
    void streams();
    void sendsUnknownFieldsOnUnchanged();
    void keepsASilentStreamAlive();
    void tellsAFaultThatComesLate();
    void tellsAFaultThatComesEarly_data();
    void tellsAFaultThatComesEarly();
    void picksARouteByItsKey();
    void mergesTheModelsOfAllRoutes();

private:
    [[nodiscard]] QString openAiRoute() const
    {
        return QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream->openAiUrl().toString();
    }
    [[nodiscard]] QString ollamaRoute() const
    {
        return QStringLiteral("OLLAMA_BASE_URL=") + m_upstream->ollamaUrl().toString();
    }

    std::unique_ptr<fakes::FakeUpstream> m_upstream;
};

void ProgramRelayTest::init()
{
    m_upstream =
        std::make_unique<fakes::FakeUpstream>(behave("tokens=5"), fakes::FakeUpstream::Runs::InOwnThread);
}

void ProgramRelayTest::folds_data()
{
    QTest::addColumn<QString>("route");
    QTest::newRow("openai") << QStringLiteral("openai");
    QTest::newRow("ollama") << QStringLiteral("ollama");
}

void ProgramRelayTest::folds()
{
    QFETCH(QString, route);
    GatehouseProcess gatehouse({route == u"openai" ? openAiRoute() : ollamaRoute()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(chat(R"("stream":false)")));
    QVERIFY(client.readUntil("\"usage\""));
    const QJsonObject body = bodyOf(client);
    QCOMPARE(body[u"choices"][0][u"message"][u"content"].toString(), QStringLiteral("w0 w1 w2 w3 w4 "));
    QCOMPARE(body[u"usage"][u"total_tokens"].toInt(), 12);
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/chat/completions"), 1));
    const QJsonObject line = gatehouse.requestLines(QStringLiteral("/v1/chat/completions")).first();
    QCOMPARE(line[u"completion_tokens"].toInt(), 5);
    QCOMPARE(line[u"status"].toInt(), 200);
}

void ProgramRelayTest::streams_data()
{
    folds_data();
}

void ProgramRelayTest::streams()
{
    QFETCH(QString, route);
    GatehouseProcess gatehouse({route == u"openai" ? openAiRoute() : ollamaRoute()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(chat(R"("stream":true)")));
    QVERIFY(client.readUntil("data: [DONE]\n\n"));
    for (const char *header :
         {"Content-Type: text/event-stream", "Cache-Control: no-cache", "X-Accel-Buffering: no"})
        QVERIFY2(client.received().contains(header), header);
    for (int i = 0; i < 5; ++i)
        QVERIFY(client.received().contains("\"delta\":{\"content\":\"w" + QByteArray::number(i) + " \"}"));
    QVERIFY(!client.received().contains("usage"));
    QVERIFY(client.received().contains("\"finish_reason\":\"stop\""));
}

void ProgramRelayTest::sendsUnknownFieldsOnUnchanged()
{
    GatehouseProcess gatehouse({openAiRoute()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(chat(R"("metadata":{"big":12345678901234567890,"é":[1.0]},"modelKey":"box")")));
    QVERIFY(client.readUntil("\"usage\""));
    const QByteArray sent = m_upstream->requests().last().request.body;
    QVERIFY2(sent.contains(R"("metadata":{"big":12345678901234567890,"é":[1.0]})"), sent.constData());
    QVERIFY2(!sent.contains("modelKey"), sent.constData());
}

void ProgramRelayTest::keepsASilentStreamAlive()
{
    GatehouseProcess gatehouse({openAiRoute(), QStringLiteral("SSE_HEARTBEAT_SECONDS=1")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    m_upstream->answerNext(behave("fault=stall"));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(chat(R"("model":"fake","stream":true)")));
    // Not even the upstream's head has come, and the client hears from us twice.
    QVERIFY(client.readUntil(": keepalive\n\n"));
    const auto first = client.received().size();
    QVERIFY(client.readUntil(": keepalive\n\n\r\n" +
                             QByteArray::number(QByteArrayView(": keepalive\n\n").size(), 16)));
    QVERIFY(client.received().size() > first);
}

void ProgramRelayTest::tellsAFaultThatComesLate()
{
    GatehouseProcess gatehouse({openAiRoute()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    for (const char *fault :
         {"tokens=9,fault=close@3", "tokens=9,fault=reset@3", "tokens=9,fault=half_event@3",
          "tokens=9,fault=error@3", "tokens=9,fault=garbage@3"}) {
        m_upstream->answerNext(behave(fault));
        RawClient client(gatehouse.port());
        QVERIFY(client.send(chat(R"("model":"fake","stream":true)")));
        QVERIFY2(client.readUntil("\r\n0\r\n\r\n"), fault); // The stream's own, orderly end …
        QVERIFY2(client.received().contains("data: {\"error\":{"), fault);
        QVERIFY2(!client.received().contains("[DONE]"), fault); // … which is not the answer's.
    }
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/chat/completions"), 5));
}

void ProgramRelayTest::tellsAFaultThatComesEarly_data()
{
    QTest::addColumn<QByteArray>("fault");
    QTest::addColumn<QByteArray>("status");
    QTest::newRow("reset") << QByteArray("fault=reset") << QByteArray("502");
    QTest::newRow("close") << QByteArray("fault=close") << QByteArray("502");
    QTest::newRow("garbage") << QByteArray("fault=garbage") << QByteArray("502");
    QTest::newRow("500") << QByteArray("status=500") << QByteArray("502");
    QTest::newRow("404") << QByteArray("status=404") << QByteArray("404");
    QTest::newRow("429") << QByteArray("status=429,retry_after=3") << QByteArray("429");
    QTest::newRow("redirect") << QByteArray("fault=redirect") << QByteArray("502");
    QTest::newRow("stall") << QByteArray("fault=stall") << QByteArray("504");
}

void ProgramRelayTest::tellsAFaultThatComesEarly()
{
    QFETCH(QByteArray, fault);
    QFETCH(QByteArray, status);
    GatehouseProcess gatehouse({openAiRoute(), QStringLiteral("TOTAL_TIMEOUT_SECONDS=1")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    for (const char *stream : {"true", "false"}) {
        m_upstream->answerNext(behave(fault));
        RawClient client(gatehouse.port());
        QVERIFY(client.send(chat(R"("model":"fake","stream":)" + QByteArray(stream))));
        QVERIFY2(client.readUntil("\"code\":"), client.received().constData());
        QVERIFY2(client.received().startsWith("HTTP/1.1 " + status), client.received().constData());
        for (const char *member : {"\"message\":", "\"type\":", "\"param\":"})
            QVERIFY2(client.received().contains(member), client.received().constData());
    }
}

void ProgramRelayTest::picksARouteByItsKey()
{
    fakes::FakeUpstream other(behave("tokens=1"), fakes::FakeUpstream::Runs::InOwnThread);
    other.setModels({"elsewhere"});
    m_upstream->setModels({"here", "both"});
    GatehouseProcess gatehouse(
        {openAiRoute(), QStringLiteral("MODEL_ROUTE_OTHER=") + other.openAiUrl().toString()});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const auto status = [&](const QByteArray &members) {
        RawClient client(gatehouse.port());
        if (!client.send(chat(members)) || !client.readUntil("}"))
            return QByteArray();
        return client.received().mid(9, 3);
    };
    QCOMPARE(status(R"("model":"here")"), QByteArray("200"));
    QCOMPARE(status(R"("model":"elsewhere")"), QByteArray("200"));
    QCOMPARE(status(R"("model":"elsewhere","modelKey":"other")"), QByteArray("200"));
    QCOMPARE(status(R"("model":"elsewhere","modelKey":"box")"), QByteArray("409"));
    QCOMPARE(status(R"("model":"nowhere")"), QByteArray("404"));
    other.setModels({"elsewhere", "both"});
    QVERIFY(!other.requests().isEmpty());
}

void ProgramRelayTest::mergesTheModelsOfAllRoutes()
{
    m_upstream->setModels({"a", "b"});
    GatehouseProcess gatehouse(
        {openAiRoute(), ollamaRoute(), QStringLiteral("MODEL_ROUTE_DEAD=http://127.0.0.1:1/v1")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    QVERIFY(client.readUntilClosed());
    QStringList ids;
    for (const QJsonValue model : bodyOf(client)[u"data"].toArray())
        ids << model[u"id"].toString();
    ids.sort();
    QCOMPARE(ids, (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
}

QTEST_GUILESS_MAIN(ProgramRelayTest)
#include "tst_program_relay.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTest>

/// Nothing configured: the built-in model answers, as the README shows.
class ProgramDemoTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void answersAsTheReadmeShows();
    void becomesReady();
    void stopsTheEngineWhenTheClientGoes();
    void embeds();
    void anOperatorUnloadsAndLoads();
    void onlyAnOperatorUnloads();
};

namespace {

/// What differs from answer to answer.
QString withoutIdentity(QString text)
{
    static const QRegularExpression identity(QStringLiteral(R"("id":"[^"]*"|"created":\d+)"));
    return text.replace(identity, QStringLiteral("*")).trimmed();
}

/// The first fenced block after the marker.
QString shownInReadme()
{
    QFile readme(QStringLiteral(GATEHOUSE_README));
    if (!readme.open(QIODevice::ReadOnly))
        return {};
    const QString text = QString::fromUtf8(readme.readAll());
    return text.section(QStringLiteral("<!-- first answer"), 1).section(QStringLiteral("```"), 1, 1);
}

/// The body of a chunked answer that has ended.
QByteArray dechunked(QByteArray bytes)
{
    bytes = bytes.mid(bytes.indexOf("\r\n\r\n") + 4);
    QByteArray body;
    for (;;) {
        const auto lineEnd = bytes.indexOf("\r\n");
        const auto size = bytes.left(lineEnd).toLongLong(nullptr, 16);
        if (lineEnd < 0 || size == 0)
            return body;
        body += bytes.mid(lineEnd + 2, size);
        bytes = bytes.mid(lineEnd + 2 + size + 2);
    }
}

struct Reply
{
    QByteArray status;
    QJsonObject json;
};

/// One request over a connection of its own. `key`: empty for none.
Reply request(quint16 port, const QByteArray &method, const QByteArray &path, const QByteArray &key = {},
              const QByteArray &body = {})
{
    RawClient client(port);
    QByteArray head = method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    if (!key.isEmpty())
        head += "Authorization: Bearer " + key + "\r\n";
    if (!body.isEmpty())
        head += "Content-Type: application/json\r\n";
    if (method == "POST")
        head += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
    client.send(head + "\r\n" + body);
    client.readUntilClosed(60'000);
    const QByteArray received = client.received();
    const QByteArray json = received.mid(received.indexOf("\r\n\r\n") + 4);
    return {received.mid(9, 3), QJsonDocument::fromJson(json).object()};
}

const QByteArray modelPath = "/v1/models/gatehouse-demo";

} // namespace

void ProgramDemoTest::answersAsTheReadmeShows()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(RawClient::post(
        "/v1/chat/completions", R"({"messages":[{"role":"user","content":"Hello!"}],"stream":true})")));
    QVERIFY(client.readUntil("data: [DONE]\n\n\r\n0\r\n\r\n"));
    QCOMPARE(withoutIdentity(QString::fromUtf8(dechunked(client.received()))),
             withoutIdentity(shownInReadme()));
}

void ProgramDemoTest::becomesReady()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QTRY_VERIFY([&] {
        RawClient client(gatehouse.port());
        client.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.readUntilClosed();
        return client.received().startsWith("HTTP/1.1 200") &&
               client.received().endsWith(R"({"status":"ready"})");
    }());
}

void ProgramDemoTest::stopsTheEngineWhenTheClientGoes()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const auto ask = [](int maxTokens) {
        return RawClient::post("/v1/completions",
                               R"({"prompt":"Once","stream":true,"ignore_eos":true,"max_tokens":)" +
                                   QByteArray::number(maxTokens) + "}");
    };
    // One model, one sequence: the next one gets its turn only when the first has let go.
    for (int i = 0; i < 20; ++i) {
        RawClient client(gatehouse.port());
        QVERIFY(client.send(ask(900)));
        client.readUntil("data: ", 2000);
        client.close();
    }
    RawClient last(gatehouse.port());
    QVERIFY(last.send(ask(3)));
    QVERIFY(last.readUntil("data: [DONE]"));
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/completions"), 21));
    QCOMPARE(gatehouse.requestLines(QStringLiteral("/v1/completions")).size(), 21);
}

void ProgramDemoTest::embeds()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    for (const char *path : {"/v1/embeddings", "/api/embeddings"}) {
        const Reply reply = request(gatehouse.port(), "POST", path, {}, R"({"input":["Hello","Bye"]})");
        QCOMPARE(reply.status, QByteArray("200"));
        QCOMPARE(reply.json[u"model"].toString(), QStringLiteral("gatehouse-demo"));
        const QJsonArray data = reply.json[u"data"].toArray();
        QCOMPARE(data.size(), 2);
        for (int i = 0; i < 2; ++i) {
            QCOMPARE(data[i][u"index"].toInt(), i);
            double length = 0;
            for (const QJsonValue &value : data[i][u"embedding"].toArray())
                length += value.toDouble() * value.toDouble();
            QVERIFY(qAbs(length - 1) < 1e-3);
        }
        QVERIFY(reply.json[u"usage"][u"prompt_tokens"].toInt() > 0);
    }
    const Reply refused =
        request(gatehouse.port(), "POST", "/v1/embeddings", {}, R"({"input":"x","dimensions":4096})");
    QCOMPARE(refused.status, QByteArray("400"));
    QCOMPARE(refused.json[u"error"][u"param"].toString(), QStringLiteral("dimensions"));
}

void ProgramDemoTest::anOperatorUnloadsAndLoads()
{
    GatehouseProcess gatehouse;
    const QByteArray key = gatehouse.makeAdminKey();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const quint16 port = gatehouse.port();
    const auto status = [&] {
        return request(port, "GET", modelPath, key).json[u"status"].toString();
    };
    const auto readiness = [&] {
        return request(port, "GET", "/health/ready").status;
    };
    QTRY_COMPARE(status(), QStringLiteral("ready"));

    const Reply unloaded = request(port, "POST", modelPath + "/unload", key);
    QCOMPARE(unloaded.status, QByteArray("202"));
    QCOMPARE(unloaded.json[u"id"].toString(), QStringLiteral("gatehouse-demo"));
    QCOMPARE(unloaded.json[u"object"].toString(), QStringLiteral("model"));
    QCOMPARE(unloaded.json[u"status"].toString(), QStringLiteral("unloaded"));
    QCOMPARE(request(port, "POST", modelPath + "/unload", key).status, QByteArray("200"));
    QCOMPARE(status(), QStringLiteral("unloaded"));
    QCOMPARE(readiness(), QByteArray("200")); // a request loads it

    const Reply answer = request(port, "POST", "/v1/chat/completions", key,
                                 R"({"messages":[{"role":"user","content":"Hello!"}]})");
    QCOMPARE(answer.status, QByteArray("200"));
    QCOMPARE(status(), QStringLiteral("ready"));
    QCOMPARE(request(port, "POST", modelPath + "/load", key).status, QByteArray("200"));
    QCOMPARE(request(port, "POST", modelPath + "/unload", key).status, QByteArray("202"));
    const Reply loading = request(port, "POST", modelPath + "/load", key);
    QCOMPARE(loading.status, QByteArray("202"));
    QTRY_COMPARE(status(), QStringLiteral("ready"));
    QCOMPARE(readiness(), QByteArray("200"));
}

void ProgramDemoTest::onlyAnOperatorUnloads()
{
    GatehouseProcess gatehouse({QStringLiteral("API_KEY=s3cret-key")});
    const QByteArray admin = gatehouse.makeAdminKey();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const quint16 port = gatehouse.port();
    QCOMPARE(request(port, "POST", modelPath + "/unload").status, QByteArray("401"));
    QCOMPARE(request(port, "POST", modelPath + "/unload", "s3cret-key").status, QByteArray("403"));
    const Reply unknown = request(port, "POST", "/v1/models/org/other/load", admin);
    QCOMPARE(unknown.status, QByteArray("404"));
    QCOMPARE(unknown.json[u"error"][u"code"].toString(), QStringLiteral("model_not_found"));
    QCOMPARE(request(port, "POST", modelPath, admin).status, QByteArray("405"));
    QCOMPARE(request(port, "GET", modelPath, admin).status, QByteArray("200"));
}

QTEST_GUILESS_MAIN(ProgramDemoTest)
#include "tst_program_demo.moc"

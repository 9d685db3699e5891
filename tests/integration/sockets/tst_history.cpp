// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"
#include "services/needs_server.h"
#include "services/postgres_server.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using fakes::behave;

namespace {

QByteArray asking(const QByteArray &text, const QByteArray &more = {})
{
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]" + more + "}";
}

} // namespace

/// Sessions and history over HTTP (contract §3), on both databases.
class HistoryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void sendsWhatWasSaidBefore();
    void addsNothingToAWholeConversation();
    void keepsTheSystemMessageAndToolCalls();
    void worksInEveryDialect();
    void keepsWhatBrokeOff();
    void fitsTheWindow();
    void belongsToItsKey();
    void canBeSearchedNamedAndExported();
    void isGoneWhenDeleted();
    void refusesImpossibleNames();
    void storesNothingOfARefusedRequest();
    void keepsQuestionsAndAnswersTogether();
    void staysDeletedWhileItIsAnswered();

private:
    [[nodiscard]] QJsonArray lastAsked() const;
    [[nodiscard]] QJsonArray kept(const QByteArray &session) const;
    [[nodiscard]] ApiClient in(const QByteArray &session) const;
    [[nodiscard]] QByteArray freshKey(const QByteArray &more = {}) const;

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    services::PostgresServer m_postgres;
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
};

void HistoryTest::initTestCase_data()
{
    QTest::addColumn<bool>("onPostgres");
    QTest::newRow("SQLite") << false;
    QTest::newRow("PostgreSQL") << true;
}

void HistoryTest::init()
{
    QFETCH_GLOBAL(const bool, onPostgres);
    QStringList environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString()};
    if (onPostgres) {
        GATEHOUSE_NEEDS_SERVER(PostgresServer);
        QVERIFY2(m_postgres.start(), qPrintable(m_postgres.log()));
        environment << QStringLiteral("DATABASE_URL=") + m_postgres.makeDatabase();
    }
    m_upstream.setDefaults(behave("tokens=3"));
    m_gatehouse = std::make_unique<GatehouseProcess>(environment);
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    QCOMPARE(ApiClient(m_gatehouse->port()).get("/v1/models").status,
             200); // Else the first request asks for them.
    m_upstream.forget();
}

void HistoryTest::cleanup()
{
    m_gatehouse.reset();
}

QJsonArray HistoryTest::lastAsked() const
{
    QJsonArray messages;
    for (const fakes::SeenRequest &seen : m_upstream.requests()) {
        const QJsonObject body = QJsonDocument::fromJson(seen.request.body).object();
        if (body.contains(u"messages"))
            messages = body[u"messages"].toArray();
    }
    return messages;
}

QJsonArray HistoryTest::kept(const QByteArray &session) const
{
    return ApiClient(m_gatehouse->port())
        .get("/api/sessions/" + session + "/messages")
        .json()[u"data"]
        .toArray();
}

/// Somebody without a key on this machine, in a session.
ApiClient HistoryTest::in(const QByteArray &session) const
{
    return ApiClient(m_gatehouse->port(), "X-Session-Id: " + session + "\r\n");
}

QByteArray HistoryTest::freshKey(const QByteArray &more) const
{
    return ApiClient(m_gatehouse->port(), bearer(m_adminKey))
        .post("/api/keys", "{\"name\":\"k\"" + more + "}")
        .json()[u"key"]
        .toString()
        .toUtf8();
}

void HistoryTest::sendsWhatWasSaidBefore()
{
    for (const char *text : {"one", "two", "three"})
        QCOMPARE(in("s").post("/v1/chat/completions", asking(text)).status, 200);
    QCOMPARE(lastAsked().size(), 5);
    QCOMPARE(lastAsked()[0][u"content"].toString(), QStringLiteral("one"));
    QCOMPARE(lastAsked()[1][u"content"].toString(), QStringLiteral("w0 w1 w2 "));
    QCOMPARE(kept("s").size(), 6);
    const QJsonValue answer = kept("s").last();
    QCOMPARE(answer[u"role"].toString(), QStringLiteral("assistant"));
    QCOMPARE(answer[u"finish_reason"].toString(), QStringLiteral("stop"));
    // Streams, too; and what has no session has no history.
    QCOMPARE(in("s").post("/v1/chat/completions", asking("four", ",\"stream\":true")).status, 200);
    QCOMPARE(kept("s").size(), 8);
    QCOMPARE(ApiClient(m_gatehouse->port()).post("/v1/chat/completions", asking("alone")).status, 200);
    QCOMPARE(lastAsked().size(), 1);
    QCOMPARE(kept("s").size(), 8);
}

void HistoryTest::addsNothingToAWholeConversation()
{
    QCOMPARE(in("s").post("/v1/chat/completions", asking("one")).status, 200);
    const QByteArray whole = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\"},"
                             "{\"role\":\"assistant\",\"content\":\"w0 w1 w2 \"},"
                             "{\"role\":\"user\",\"content\":\"two\"}]}";
    QCOMPARE(in("s").post("/v1/chat/completions", whole).status, 200);
    QCOMPARE(lastAsked().size(), 3);
    QCOMPARE(kept("s").size(), 4);
    QCOMPARE(kept("s")[2][u"content"].toString(), QStringLiteral("two"));
}

void HistoryTest::keepsTheSystemMessageAndToolCalls()
{
    const QByteArray instructed = "{\"messages\":[{\"role\":\"system\",\"content\":\"be kind\"},"
                                  "{\"role\":\"user\",\"content\":\"one\"}]}";
    m_upstream.answerNext(behave("tools=1"));
    QCOMPARE(in("s").post("/v1/chat/completions", instructed).status, 200);
    const QByteArray result =
        "{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"call_0\",\"content\":\"42\"}]}";
    QCOMPARE(in("s").post("/v1/chat/completions", result).status, 200);
    QCOMPARE(in("s").post("/v1/chat/completions", asking("three")).status, 200);
    const QJsonArray asked = lastAsked();
    QCOMPARE(asked[0][u"content"].toString(), QStringLiteral("be kind"));
    QCOMPARE(asked[2][u"tool_calls"].toArray().size(), 1);
    QCOMPARE(asked[3][u"role"].toString(), QStringLiteral("tool"));
    QCOMPARE(asked.size(), 6);
    // The same instruction again is no news.
    QCOMPARE(in("s").post("/v1/chat/completions", instructed).status, 200);
    int instructions = 0;
    for (const QJsonValue &message : kept("s"))
        instructions += message[u"role"].toString() == u"system";
    QCOMPARE(instructions, 1);
}

void HistoryTest::worksInEveryDialect()
{
    const ApiClient client(m_gatehouse->port());
    QCOMPARE(client.post("/api/chat", asking("one", ",\"session_id\":\"d\"")).status, 200);
    QCOMPARE(client.post("/api/chat", "{\"message\":\"two\",\"session_id\":\"d\"}").status, 200);
    QCOMPARE(client.post("/api/chat/stream", "{\"message\":\"three\",\"session_id\":\"d\"}").status, 200);
    QCOMPARE(in("d").post("/v1/chat/completions", asking("four")).status, 200);
    QCOMPARE(lastAsked().size(), 7);
    QCOMPARE(kept("d").size(), 8);
}

void HistoryTest::keepsWhatBrokeOff()
{
    m_upstream.answerNext(behave("tokens=9,fault=close@2"));
    (void)in("s").post("/v1/chat/completions", asking("fails", ",\"stream\":true"));
    QTRY_COMPARE(kept("s").size(), 2);
    QCOMPARE(kept("s").last()[u"finish_reason"].toString(), QStringLiteral("error"));
    QCOMPARE(kept("s").last()[u"content"].toString(), QStringLiteral("w0 w1 "));

    m_upstream.answerNext(behave("tokens=9,fault=stall@3"));
    RawClient leaving(m_gatehouse->port());
    QVERIFY(leaving.send(
        RawClient::post("/v1/chat/completions", asking("left", ",\"stream\":true"), "X-Session-Id: s\r\n")));
    QVERIFY(leaving.readUntil("w2 "));
    leaving.close();
    QTRY_COMPARE(kept("s").size(), 4);
    QCOMPARE(kept("s").last()[u"finish_reason"].toString(), QStringLiteral("cancelled"));
    QCOMPARE(kept("s").last()[u"content"].toString(), QStringLiteral("w0 w1 w2 "));
    QTRY_COMPARE(m_upstream.totals().clientsLeft, quint64(1));
}

void HistoryTest::fitsTheWindow()
{
    m_gatehouse->kill();
    QFETCH_GLOBAL(const bool, onPostgres);
    if (onPostgres)
        return; // The same code.
    GatehouseProcess small({QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                            QStringLiteral("GATEHOUSE_HISTORY_CONTEXT_TOKENS=400")});
    QVERIFY2(small.start(), qPrintable(small.why()));
    const ApiClient client(small.port(), "X-Session-Id: s\r\n");
    for (int i = 0; i < 10; ++i)
        QCOMPARE(
            client.post("/v1/chat/completions", asking(QByteArray::number(i) + QByteArray(150, 'x'))).status,
            200);
    const qsizetype sent = lastAsked().size();
    QVERIFY2(sent > 1 && sent < 19, qPrintable(QString::number(sent)));
    QCOMPARE(sent % 2, 1);
    QVERIFY(lastAsked().last()[u"content"].toString().startsWith(u'9'));
    QVERIFY(lastAsked()[0][u"content"].toString().startsWith(QString::number(9 - sent / 2)));
}

void HistoryTest::belongsToItsKey()
{
    const QByteArray mine = freshKey();
    const QByteArray other = freshKey();
    const ApiClient me(m_gatehouse->port(), bearer(mine) + "X-Session-Id: s\r\n");
    QCOMPARE(me.post("/v1/chat/completions", asking("mine alone")).status, 200);
    QCOMPARE(me.get("/api/sessions").json()[u"data"].toArray().size(), 1);
    const ApiClient them(m_gatehouse->port(), bearer(other));
    QCOMPARE(them.get("/api/sessions").json()[u"data"].toArray().size(), 0);
    QCOMPARE(them.get("/api/sessions/s/messages").status, 404);
    QCOMPARE(them.get("/api/sessions/s/export").status, 404);
    QCOMPARE(them.ask("PATCH", "/api/sessions/s", "{\"title\":\"theirs\"}").status, 404);
    QCOMPARE(them.ask("DELETE", "/api/sessions/s").status, 404);
    QCOMPARE(them.get("/api/search?q=alone").json()[u"data"].toArray().size(), 0);
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    QCOMPARE(admin.get("/api/sessions").json()[u"data"].toArray().size(), 1);
    QCOMPARE(admin.get("/api/sessions/s/messages").status, 200);
}

void HistoryTest::canBeSearchedNamedAndExported()
{
    QCOMPARE(in("s").post("/v1/chat/completions", asking("where is the lighthouse keeper")).status, 200);
    QCOMPARE(in("t").post("/v1/chat/completions", asking("nothing here")).status, 200);
    const ApiClient client(m_gatehouse->port());
    for (const QByteArray words : {"lighthouse", "LIGHTHOUSE", "keeper%20light", "lighth"}) {
        const QJsonArray hits = client.get("/api/search?q=" + words).json()[u"data"].toArray();
        QVERIFY2(hits.size() == 1, words.constData());
        QCOMPARE(hits[0][u"session_id"].toString(), QStringLiteral("s"));
    }
    QCOMPARE(client.get("/api/search?q=absent").json()[u"data"].toArray().size(), 0);
    QCOMPARE(client.get("/api/search?q=%22%29%20OR%20%2A").status, 200);

    const auto titleOf = [&client](const QByteArray &id) {
        return client.get("/api/sessions/" + id).json()[u"title"].toString();
    };
    QCOMPARE(titleOf("s"), QStringLiteral("where is the lighthouse keeper"));
    QCOMPARE(client.ask("PATCH", "/api/sessions/s", "{\"title\":\"Lights\"}").status, 200);
    QCOMPARE(titleOf("s"), QStringLiteral("Lights"));

    const ApiAnswer json = client.get("/api/sessions/s/export?format=json");
    QCOMPARE(json.status, 200);
    QCOMPARE(json.json()[u"messages"].toArray().size(), 2);
    const ApiAnswer markdown = client.get("/api/sessions/s/export?format=markdown");
    QVERIFY(markdown.headers.value("content-type").startsWith("text/markdown"));
    QVERIFY(markdown.body.contains("lighthouse") && markdown.body.contains("w0 w1 w2"));
    QVERIFY(markdown.headers.value("content-disposition").contains("attachment"));
}

void HistoryTest::isGoneWhenDeleted()
{
    QCOMPARE(in("s").post("/v1/chat/completions", asking("a very particular xylophonist")).status, 200);
    const ApiClient client(m_gatehouse->port());
    QCOMPARE(client.get("/api/search?q=xylophonist").json()[u"data"].toArray().size(), 1);
    QCOMPARE(client.ask("DELETE", "/api/sessions/s").status, 200);
    QCOMPARE(client.get("/api/sessions/s/messages").status, 404);
    QCOMPARE(client.get("/api/search?q=xylophonist").json()[u"data"].toArray().size(), 0);
    QCOMPARE(client.ask("DELETE", "/api/sessions/s").status, 404);
    QFETCH_GLOBAL(const bool, onPostgres);
    if (onPostgres)
        return; // Its files are the server's.
    const auto isInAFile = [this] {
        const QDir folder(m_gatehouse->folder() + QStringLiteral("/gatehouse"));
        for (const QString &name : folder.entryList({QStringLiteral("*.db*")}, QDir::Files)) {
            QFile file(folder.filePath(name));
            if (file.open(QIODevice::ReadOnly) && file.readAll().contains("xylophonist"))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(!isInAFile(), 10'000);
}

void HistoryTest::refusesImpossibleNames()
{
    for (const QByteArray &name :
         {QByteArray("with space"), QByteArray("../../etc/passwd"), QByteArray(129, 'x')})
        QCOMPARE(in(name).post("/v1/chat/completions", asking("x")).status, 400);
    QCOMPARE(ApiClient(m_gatehouse->port())
                 .post("/api/chat", asking("x", ",\"session_id\":\"with space\""))
                 .json()[u"error"][u"param"]
                 .toString(),
             QStringLiteral("session_id"));
    QVERIFY(m_upstream.totals().tokensSent == 0);
}

void HistoryTest::storesNothingOfARefusedRequest()
{
    const QByteArray key = freshKey(",\"max_concurrent\":1");
    m_upstream.answerNext(behave("tokens=9,fault=stall@2"));
    RawClient running(m_gatehouse->port());
    QVERIFY(running.send(
        RawClient::post("/v1/chat/completions", asking("runs", ",\"stream\":true"), bearer(key))));
    QVERIFY(running.readUntil("w1 "));
    const ApiClient client(m_gatehouse->port(), bearer(key) + "X-Session-Id: s\r\n");
    QCOMPARE(client.post("/v1/chat/completions", asking("refused")).status, 429);
    QCOMPARE(client.get("/api/sessions/s/messages").status, 404);
    // Nor of what no model began to answer.
    m_upstream.answerNext(behave("status=400"));
    QCOMPARE(in("t").post("/v1/chat/completions", asking("refused upstream")).status, 400);
    QCOMPARE(ApiClient(m_gatehouse->port()).get("/api/sessions/t/messages").status, 404);
}

/// Two at the same time: the second one is answered first.
void HistoryTest::keepsQuestionsAndAnswersTogether()
{
    m_upstream.answerNext(behave("tokens=3,first_delay=600"));
    RawClient slow(m_gatehouse->port());
    QVERIFY(slow.send(
        RawClient::post("/v1/chat/completions", asking("slow", ",\"stream\":true"), "X-Session-Id: s\r\n")));
    QTRY_COMPARE(m_upstream.totals().openAnswers, quint64(1));
    QCOMPARE(in("s").post("/v1/chat/completions", asking("quick")).status, 200);
    QVERIFY(slow.readUntil("[DONE]"));
    QTRY_COMPARE(kept("s").size(), 4);
    QCOMPARE(in("s").post("/v1/chat/completions", asking("third")).status, 200);
    QStringList roles;
    for (const QJsonValue &message : lastAsked())
        roles << message[u"role"].toString();
    QCOMPARE(roles.join(u' '), QStringLiteral("user assistant user assistant user"));
}

void HistoryTest::staysDeletedWhileItIsAnswered()
{
    m_upstream.answerNext(behave("tokens=6,interval=100"));
    RawClient chatting(m_gatehouse->port());
    QVERIFY(chatting.send(RawClient::post(
        "/v1/chat/completions", asking("my secret question", ",\"stream\":true"), "X-Session-Id: s\r\n")));
    QVERIFY(chatting.readUntil("w1 "));
    const ApiClient client(m_gatehouse->port());
    QCOMPARE(client.ask("DELETE", "/api/sessions/s").status, 200);
    QVERIFY(chatting.readUntil("[DONE]"));
    QCOMPARE(client.get("/api/sessions/s").status, 404);
    QCOMPARE(client.get("/api/search?q=secret").json()[u"data"].toArray().size(), 0);
}

QTEST_GUILESS_MAIN(HistoryTest)
#include "tst_history.moc"

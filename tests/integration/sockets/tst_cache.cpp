// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QJsonDocument>
#include <QTest>

#include <thread>

using namespace gatehouse;

namespace {

QByteArray asking(const QByteArray &text, const QByteArray &more = ",\"temperature\":0")
{
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]" + more + "}";
}

} // namespace

/// The response cache (contract §6, B).
class CacheTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void givesTheSameAnswerAgain();
    void asksAgainWhereItMust();
    void keepsKeysApart();
    void asksOnceForManyAtOnce();
    void asksAgainAfterAFailure();
    void countsAHitWithoutTokens();

private:
    [[nodiscard]] quint64 asked() const; ///< Questions that reached the upstream.

    fakes::FakeUpstream m_upstream{fakes::behave("tokens=4"), fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
};

void CacheTest::initTestCase()
{
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                    QStringLiteral("GEMMA_CACHE_ENABLED=true"), QStringLiteral("GATEHOUSE_SERVER_LANES=4")});
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    QCOMPARE(ApiClient(m_gatehouse->port()).chat().status, 200); // The models are known.
}

quint64 CacheTest::asked() const
{
    const QList<fakes::SeenRequest> all = m_upstream.requests();
    return static_cast<quint64>(std::count_if(all.begin(), all.end(), [](const fakes::SeenRequest &seen) {
        return seen.request.method == "POST";
    }));
}

void CacheTest::givesTheSameAnswerAgain()
{
    const ApiClient client(m_gatehouse->port());
    for (const QByteArray path : {"/v1/chat/completions", "/api/chat"}) {
        const quint64 before = asked();
        const ApiAnswer first = client.post(path, asking("same"));
        QCOMPARE(first.status, 200);
        QCOMPARE(first.headers.value("x-cache"), QByteArray("MISS"));
        const ApiAnswer second = client.post(path, asking("same"));
        QCOMPARE(second.headers.value("x-cache"), QByteArray("HIT"));
        QCOMPARE(second.body, first.body);
        QCOMPARE(asked(), before + 1);
    }
}

void CacheTest::asksAgainWhereItMust()
{
    const ApiClient client(m_gatehouse->port());
    for (const QByteArray more : {"", ",\"temperature\":0.7", ",\"temperature\":0,\"stream\":true",
                                  ",\"temperature\":0,\"seed\":1", ",\"temperature\":0,\"max_tokens\":5"}) {
        const quint64 before = asked();
        QCOMPARE(client.post("/v1/chat/completions", asking("must", more)).status, 200);
        QVERIFY2(asked() == before + 1, more.constData());
    }
    // Who wants to may have it at any temperature, and past it at 0.
    const auto post = [this](const QByteArray &header, const QByteArray &more) {
        return ApiClient(m_gatehouse->port(), header).post("/v1/chat/completions", asking("wish", more));
    };
    QCOMPARE(post("X-Cache: allow\r\n", ",\"temperature\":0.7").headers.value("x-cache"), QByteArray("MISS"));
    QCOMPARE(post("X-Cache: allow\r\n", ",\"temperature\":0.7").headers.value("x-cache"), QByteArray("HIT"));
    QCOMPARE(post({}, ",\"temperature\":0").headers.value("x-cache"), QByteArray("MISS"));
    QCOMPARE(post("Cache-Control: no-cache\r\n", ",\"temperature\":0").headers.value("x-cache"),
             QByteArray());
    // What belongs to a session is said once each time.
    QCOMPARE(post("X-Session-Id: s\r\n", ",\"temperature\":0").headers.value("x-cache"), QByteArray());
}

void CacheTest::keepsKeysApart()
{
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    QTRY_COMPARE(admin.get("/api/keys").status, 200);
    for (int i = 0; i < 2; ++i) {
        const QByteArray key = admin.post("/api/keys", "{\"name\":\"k\"}").json()[u"key"].toString().toUtf8();
        const ApiClient client(m_gatehouse->port(), bearer(key));
        QCOMPARE(client.post("/v1/chat/completions", asking("apart")).headers.value("x-cache"),
                 QByteArray("MISS"));
        QCOMPARE(client.post("/v1/chat/completions", asking("apart")).headers.value("x-cache"),
                 QByteArray("HIT"));
    }
}

void CacheTest::asksOnceForManyAtOnce()
{
    m_upstream.answerNext(fakes::behave("tokens=4,first_delay=400"));
    const quint64 before = asked();
    std::vector<std::thread> threads;
    std::array<ApiAnswer, 32> answers;
    for (ApiAnswer &answer : answers) {
        threads.emplace_back([&answer, port = m_gatehouse->port()] {
            answer = ApiClient(port).post("/v1/chat/completions", asking("many"));
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(asked(), before + 1);
    for (const ApiAnswer &answer : answers) {
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.body, answers.front().body);
    }
}

void CacheTest::asksAgainAfterAFailure()
{
    const ApiClient client(m_gatehouse->port());
    m_upstream.answerNext(fakes::behave("status=500"));
    QCOMPARE(client.post("/v1/chat/completions", asking("fails")).status, 502);
    QCOMPARE(client.post("/v1/chat/completions", asking("fails")).status, 200);
    // Whoever waits for an answer whose asker leaves gets one all the same.
    m_upstream.answerNext(fakes::behave("tokens=4,first_delay=5000"));
    const quint64 before = asked();
    RawClient leaving(m_gatehouse->port());
    QVERIFY(leaving.send(RawClient::post("/v1/chat/completions", asking("left"))));
    QTRY_COMPARE(asked(), before + 1);
    ApiAnswer waited;
    std::thread thread([&] { waited = client.post("/v1/chat/completions", asking("left")); });
    QTest::qWait(200);
    leaving.close();
    thread.join();
    QCOMPARE(waited.status, 200);
    QCOMPARE(asked(), before + 2);
}

void CacheTest::countsAHitWithoutTokens()
{
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    const QByteArray made = admin.post("/api/keys", "{\"name\":\"count\"}").body;
    const QJsonObject key = QJsonDocument::fromJson(made).object();
    const ApiClient client(m_gatehouse->port(), bearer(key[u"key"].toString().toUtf8()));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(client.post("/v1/chat/completions", asking("count")).status, 200);
    const auto stats = [&] {
        return admin.get("/api/stats?key_id=" + key[u"id"].toString().toUtf8()).json();
    };
    QTRY_COMPARE(stats()[u"requests"].toInt(), 3);
    QCOMPARE(stats()[u"completion_tokens"].toInt(), 4);
}

QTEST_GUILESS_MAIN(CacheTest)
#include "tst_cache.moc"

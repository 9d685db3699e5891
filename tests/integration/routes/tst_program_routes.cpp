// SPDX-License-Identifier: GPL-3.0-or-later
#include "../access/api_client.h"
#include "../program/raw_client.h"
#include "route_house.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <csignal>
#include <thread>

using namespace gatehouse;
using fakes::behave;

namespace {

using Members = std::initializer_list<QPair<QString, QJsonValue>>;

/// The body that makes a route to an upstream.
QByteArray route(const QString &key, const QUrl &url, Members more = {})
{
    QJsonObject body{{QStringLiteral("key"), key}, {QStringLiteral("url"), url.toString()}};
    for (const auto &[name, value] : more)
        body[name] = value;
    return QJsonDocument(body).toJson(QJsonDocument::Compact);
}

QByteArray chatBody(const QByteArray &model, bool stream = false)
{
    return R"({"model":")" + model + R"(","stream":)" + (stream ? "true" : "false") +
           R"(,"messages":[{"role":"user","content":"Hello!"}]})";
}

QStringList keysIn(const ApiAnswer &list)
{
    QStringList keys;
    for (const QJsonValue &row : list.json()[u"data"].toArray())
        keys.append(row[u"key"].toString());
    keys.sort();
    return keys;
}

} // namespace

/// Routes made by POST /api/routes, through the real program.
class ProgramRoutesTest : public RouteHouse
{
    Q_OBJECT
public:
    ProgramRoutesTest()
        : RouteHouse(3)
    {}

private Q_SLOTS:
    void init();
    void areUsedAtOnce();
    void surviveAKill();
    void areKeptToThemselves();
    void areReplaced();
    void goWhileAStreamRuns();
    void leaveTheOperatorsAlone();
    void giveWayToTheOperators();
    void refuseBadBodies_data();
    void refuseBadBodies();
    void areTheAdminsBusiness();
    void neverTellSecrets();
    void standWhenWhoMadeThemLeft();
    void allStandWhenMadeAtOnce();
    void countEachFailureOnce();
    void countFailuresThatNobodyNoticed();

private:
    [[nodiscard]] static int chat(const GatehouseProcess &gatehouse, const QByteArray &key,
                                  const QByteArray &model)
    {
        return ApiClient(gatehouse.port(), bearer(key)).post("/v1/chat/completions", chatBody(model)).status;
    }
};

void ProgramRoutesTest::init()
{
    setModels();
    for (fakes::FakeUpstream *upstream : {&m_box, &m_spare, &m_second, &m_third}) {
        upstream->setDefaults({});
        upstream->forget();
    }
}

void ProgramRoutesTest::areUsedAtOnce()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(chat(gatehouse, m_user, "second-model"), 404);
    const QByteArray body =
        route(QStringLiteral("Second"), m_second.openAiUrl(),
              {{QStringLiteral("api_key"), QStringLiteral("upstream-key")},
               {QStringLiteral("headers"), QJsonObject{{QStringLiteral("X-Extra"), QStringLiteral("e")}}},
               {QStringLiteral("timeouts"), QJsonObject{{QStringLiteral("read_seconds"), 7.5}}}});
    const ApiAnswer made = admin.post("/api/routes", body);
    QCOMPARE(made.status, 201);
    QCOMPARE(made.headers.value("location"), QByteArray("/api/routes/second"));
    QCOMPARE(made.headers.value("cache-control"), QByteArray("no-store"));
    QCOMPARE(made.json()[u"key"].toString(), QStringLiteral("second"));
    QVERIFY(made.json()[u"managed"].toBool());
    QVERIFY(made.json()[u"has_api_key"].toBool());
    QCOMPARE(made.json()[u"timeouts"][u"read_seconds"].toDouble(), 7.5);
    QCOMPARE(keysIn(admin.get("/api/routes")),
             (QStringList{QStringLiteral("box"), QStringLiteral("second"), QStringLiteral("spare")}));
    QCOMPARE(admin.get("/api/routes/SECOND").json()[u"url"].toString(), m_second.openAiUrl().toString());
    // Every lane hears of it; connections are spread over them.
    for (int i = 0; i < 12; ++i)
        QTRY_COMPARE(chat(gatehouse, m_user, "second-model"), 200);
    const auto seen = m_second.requests().last().request;
    QCOMPARE(seen.header("authorization"), QByteArray("Bearer upstream-key"));
    QCOMPARE(seen.header("x-extra"), QByteArray("e"));
    QCOMPARE(chat(gatehouse, m_user, "box-model"), 200);
}

void ProgramRoutesTest::surviveAKill()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const QByteArray body = route(
        QStringLiteral("second"), m_second.openAiUrl(),
        {{QStringLiteral("models"), QJsonObject{{QStringLiteral("small"), QStringLiteral("second-model")}}},
         {QStringLiteral("pool"), QStringLiteral("boxes")},
         {QStringLiteral("weight"), 3},
         {QStringLiteral("api_key"), QStringLiteral("upstream-key")}});
    const ApiAnswer made = ApiClient(gatehouse.port(), bearer(m_admin)).post("/api/routes", body);
    gatehouse.kill(); // The moment it was answered.
    QCOMPARE(made.status, 201);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    const QJsonObject row = admin.get("/api/routes/second").json();
    for (const char *name : {"key", "kind", "url", "models", "pool", "weight", "timeouts", "has_api_key",
                             "managed", "max_concurrent"})
        QCOMPARE(row[QLatin1String(name)], made.json()[QLatin1String(name)]);
    QCOMPARE(chat(gatehouse, m_user, "small"), 200);
    const auto seen = m_second.requests().last().request;
    QCOMPARE(seen.header("authorization"), QByteArray("Bearer upstream-key"));
    QCOMPARE(QJsonDocument::fromJson(seen.body)[u"model"].toString(), QStringLiteral("second-model"));
    QCOMPARE(admin.ask("DELETE", "/api/routes/second").status, 200);
    gatehouse.kill();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QCOMPARE(ApiClient(gatehouse.port(), bearer(m_admin)).get("/api/routes/second").status, 404);
}

void ProgramRoutesTest::areKeptToThemselves()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl())).status, 201);
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("third"), m_third.openAiUrl())).status, 201);
    const QFileInfo file(fileOf(gatehouse));
    QVERIFY(file.exists());
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther |
                        QFile::WriteOther | QFile::ExeOther | QFile::ExeUser;
    QVERIFY(!(file.permissions() & others));
}

void ProgramRoutesTest::areReplaced()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(admin
                 .post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl(),
                                            {{QStringLiteral("api_key"), QStringLiteral("one")}}))
                 .status,
             201);
    QTRY_COMPARE(chat(gatehouse, m_user, "second-model"), 200);
    const ApiAnswer replaced =
        admin.post("/api/routes", route(QStringLiteral("second"), m_third.openAiUrl()));
    QCOMPARE(replaced.status, 200);
    QVERIFY(!replaced.headers.contains("location"));
    QVERIFY(!replaced.json()[u"has_api_key"].toBool()); // In its place, not on top of it.
    QCOMPARE(keysIn(admin.get("/api/routes")).count(QStringLiteral("second")), 1);
    QTRY_VERIFY([&] {
        const quint64 before = m_second.totals().requests;
        for (int i = 0; i < 6; ++i) {
            if (chat(gatehouse, m_user, "second-model") != 200)
                return false;
        }
        return m_second.totals().requests == before;
    }());
    QCOMPARE(m_third.requests().last().request.header("authorization"), QByteArray());
}

void ProgramRoutesTest::goWhileAStreamRuns()
{
    m_second.setDefaults(behave("tokens=60,interval=10"));
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl())).status, 201);
    const QByteArray body = chatBody("second-model", true);
    std::optional<RawClient> running;
    QTRY_VERIFY([&] {
        running.emplace(gatehouse.port());
        return running->send(RawClient::post("/v1/chat/completions", body, bearer(m_user))) &&
               running->readUntil("\r\n\r\n") && running->received().startsWith("HTTP/1.1 200");
    }());
    QVERIFY(running->readUntil("w2 "));
    const ApiAnswer removed = admin.ask("DELETE", "/api/routes/Second");
    QCOMPARE(removed.status, 200);
    QCOMPARE(removed.json(), (QJsonObject{{QStringLiteral("object"), QStringLiteral("route")},
                                          {QStringLiteral("key"), QStringLiteral("second")},
                                          {QStringLiteral("deleted"), true}}));
    QVERIFY(!running->received().contains("[DONE]"));
    QCOMPARE(admin.get("/api/routes/second").status, 404);
    QTRY_COMPARE(chat(gatehouse, m_user, "second-model"), 404);
    QVERIFY(running->readUntil("data: [DONE]"));
    QVERIFY(running->received().contains("w59 "));
    QCOMPARE(admin.ask("DELETE", "/api/routes/second").status, 404);
    // Its gauges went with it.
    QVERIFY(!admin.get("/metrics").body.contains("gatehouse_route_circuit_open{route=\"second\"}"));
}

void ProgramRoutesTest::leaveTheOperatorsAlone()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    for (const ApiAnswer &answer :
         {admin.post("/api/routes", route(QStringLiteral("BOX"), m_second.openAiUrl())),
          admin.ask("DELETE", "/api/routes/box")}) {
        QCOMPARE(answer.status, 409);
        QCOMPARE(answer.headers.value("x-should-retry"), QByteArray("false"));
        QVERIFY(!answer.json()[u"detail"].toString().isEmpty());
    }
    const QJsonObject row = admin.get("/api/routes/box").json();
    QCOMPARE(row[u"url"].toString(), m_box.openAiUrl().toString());
    QVERIFY(!row[u"managed"].toBool());
}

void ProgramRoutesTest::giveWayToTheOperators()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl())).status, 201);
    QFile file(gatehouse.folder() + QStringLiteral("/.env"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("MODEL_ROUTE_SECOND=" + m_third.openAiUrl().toEncoded() + '\n');
    file.close();
    gatehouse.signal(SIGHUP);
    QTRY_COMPARE(admin.get("/api/routes/second").json()[u"url"].toString(), m_third.openAiUrl().toString());
    QVERIFY(!admin.get("/api/routes/second").json()[u"managed"].toBool());
    QCOMPARE(admin.ask("DELETE", "/api/routes/second").status, 409);
}

void ProgramRoutesTest::refuseBadBodies_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("param");
    const QUrl url(QStringLiteral("http://127.0.0.1:9/v1"));
    const auto add = [&url](const char *name, const QString &member, const QJsonValue &value,
                            const char *param) {
        QTest::newRow(name) << route(QStringLiteral("bad"), url, {{member, value}}) << QByteArray(param);
    };
    add("unknown field", QStringLiteral("colour"), QStringLiteral("red"), "colour");
    add("kind", QStringLiteral("kind"), QStringLiteral("smoke"), "kind");
    add("weight", QStringLiteral("weight"), 0, "weight");
    add("timeout", QStringLiteral("timeouts"), QJsonObject{{QStringLiteral("read_seconds"), -1}},
        "timeouts.read_seconds");
    add("models", QStringLiteral("models"), 5, "models");
    add("headers", QStringLiteral("headers"), QJsonArray{QStringLiteral("a")}, "headers");
    // What only the whole route can tell.
    QTest::newRow("no url") << QByteArray(R"({"key":"bad"})") << QByteArray("url");
    add("path of an upstream", QStringLiteral("path"), QStringLiteral("/m.gguf"), "");
    QTest::newRow("no key") << QByteArray(R"({"url":"http://127.0.0.1:9/v1"})") << QByteArray("key");
    QTest::newRow("no JSON") << QByteArray("{") << QByteArray();
}

void ProgramRoutesTest::refuseBadBodies()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QByteArray, param);
    static GatehouseProcess gatehouse(m_environment);
    if (gatehouse.process().state() == QProcess::NotRunning)
        QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    const ApiAnswer answer = admin.post("/api/routes", body);
    QCOMPARE(answer.status, 400);
    if (!param.isEmpty())
        QCOMPARE(answer.json()[u"error"][u"param"].toString().toUtf8(), param);
    QVERIFY(!answer.json()[u"error"][u"message"].toString().isEmpty());
    QCOMPARE(keysIn(admin.get("/api/routes")), (QStringList{QStringLiteral("box"), QStringLiteral("spare")}));
    QVERIFY(!QFile::exists(fileOf(gatehouse)));
}

void ProgramRoutesTest::areTheAdminsBusiness()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const QByteArray body = route(QStringLiteral("second"), m_second.openAiUrl());
    for (const auto &[credential, status] : {QPair(bearer(m_user), 403), QPair(QByteArray(), 401)}) {
        const ApiClient client(gatehouse.port(), credential);
        QCOMPARE(client.get("/api/routes").status, status);
        QCOMPARE(client.get("/api/routes/box").status, status);
        QCOMPARE(client.post("/api/routes", body).status, status);
        QCOMPARE(client.ask("DELETE", "/api/routes/box").status, status);
    }
    QVERIFY(!QFile::exists(fileOf(gatehouse)));
}

void ProgramRoutesTest::neverTellSecrets()
{
    QStringList environment = m_environment;
    environment << QStringLiteral("LOG_LEVEL=debug");
    GatehouseProcess gatehouse(environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    const QJsonObject headers{{QStringLiteral("X-Extra"), QStringLiteral("header-sEcReT")}};
    const QByteArray good = route(
        QStringLiteral("second"), m_second.openAiUrl(),
        {{QStringLiteral("api_key"), QStringLiteral("key-sEcReT")}, {QStringLiteral("headers"), headers}});
    const ApiAnswer made = admin.post("/api/routes", good);
    QCOMPARE(made.status, 201);
    QTRY_COMPARE(chat(gatehouse, m_user, "second-model"), 200);
    QVERIFY(m_second.requests().last().request.header("authorization").contains("key-sEcReT"));
    QByteArray told = made.body;
    for (const QByteArray &wrong : {QByteArray(good).replace("X-Extra", "X Extra"),
                                    QByteArray(good).replace("key-sEcReT", "key sEcReT\\n"),
                                    QByteArray(good).replace("http://", "http://u:sEcReT@"),
                                    QByteArray(good).chopped(1), QByteArray(good).replace("second", "box")}) {
        const ApiAnswer answer = admin.post("/api/routes", wrong);
        QVERIFY2(answer.status == 400 || answer.status == 409, answer.body.constData());
        told += answer.body;
    }
    for (const char *target : {"/api/routes", "/api/routes/second", "/health/status",
                               "/api/requests?limit=100", "/metrics", "/v1/models", "/api/models"})
        told += admin.get(target).body;
    const auto check = gatehouse.run({QStringLiteral("config"), QStringLiteral("check")});
    told += check.out + check.err;
    QCOMPARE(admin.ask("DELETE", "/api/routes/second").status, 200);
    gatehouse.process().terminate();
    QVERIFY(gatehouse.process().waitForFinished(20'000));
    told += gatehouse.why().toUtf8() + gatehouse.output();
    QVERIFY(told.contains("/api/routes"));
    const qsizetype at = told.indexOf("sEcReT");
    QVERIFY2(at < 0, told.mid(qMax<qsizetype>(0, at - 120), 240).constData());
}

void ProgramRoutesTest::standWhenWhoMadeThemLeft()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    {
        RawClient client(gatehouse.port());
        QVERIFY(client.send(RawClient::post(
            "/api/routes", route(QStringLiteral("second"), m_second.openAiUrl()), bearer(m_admin))));
        client.close();
    }
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/api/routes"), 1));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QTRY_COMPARE(admin.get("/api/routes/second").status, 200);
    QCOMPARE(admin.get("/api/routes/box").status, 200);
}

void ProgramRoutesTest::allStandWhenMadeAtOnce()
{
    constexpr int clients = 6;
    constexpr int each = 4;
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    std::vector<int> stood(clients);
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&, client, port = gatehouse.port()] {
            const ApiClient admin(port, bearer(m_admin));
            int &mine = stood[static_cast<std::size_t>(client)];
            for (int i = 0; i < each; ++i) {
                const QString key = QStringLiteral("r%1-%2").arg(client).arg(i);
                mine += admin.post("/api/routes", route(key, m_second.openAiUrl())).status == 201 ? 1 : 0;
                if (i == 0) // One of them goes again.
                    mine += admin.ask("DELETE", "/api/routes/" + key.toLatin1()).status == 200 ? 1 : 0;
                (void)admin.post("/api/routes", route(QStringLiteral("common"), m_second.openAiUrl()));
            }
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    for (const int count : stood)
        QCOMPARE(count, each + 1);
    const auto check = [&] {
        QStringList keys = keysIn(ApiClient(gatehouse.port(), bearer(m_admin)).get("/api/routes"));
        QCOMPARE(keys.count(QStringLiteral("common")), 1);
        QCOMPARE(keys.size(), 3 + clients * (each - 1));
        QCOMPARE(keys.removeDuplicates(), 0);
    };
    check();
    gatehouse.kill();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    check();
}

void ProgramRoutesTest::countEachFailureOnce()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const QByteArray failing = chatBody("box-model").chopped(1) + R"(,"user":"fake:status=500"})";
    QCOMPARE(ApiClient(gatehouse.port(), bearer(m_user)).post("/v1/chat/completions", failing).status, 502);
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QVERIFY(
        admin.get("/metrics")
            .body.contains("gatehouse_route_failures_total{error=\"upstream_failed\",route=\"box\"} 1\n"));
    QCOMPARE(admin.get("/health/metrics").json()[u"route_failures_total"].toInt(), 1);
    QCOMPARE(admin.get("/health/metrics").json()[u"inferences_total"].toInt(), 1);
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/chat/completions"), 1));
    QVERIFY(!gatehouse.requestLines(QStringLiteral("/v1/chat/completions")).first().contains(u"attempts"));
}

void ProgramRoutesTest::countFailuresThatNobodyNoticed()
{
    m_second.setDefaults(behave("status=500"));
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    for (const auto &[key, upstream] :
         {QPair(QStringLiteral("second"), &m_second), QPair(QStringLiteral("third"), &m_third)}) {
        const QByteArray body = route(key, upstream->openAiUrl(),
                                      {{QStringLiteral("pool"), QStringLiteral("p")},
                                       {QStringLiteral("models"), QJsonArray{QStringLiteral("pooled")}}});
        QCOMPARE(admin.post("/api/routes", body).status, 201);
    }
    QTRY_COMPARE(chat(gatehouse, m_user, "pooled"), 200);
    constexpr int chats = 30;
    for (int i = 0; i < chats; ++i) {
        const QByteArray body = chatBody("pooled").replace("Hello!", QByteArray::number(i));
        QCOMPARE(ApiClient(gatehouse.port(), bearer(m_user)).post("/v1/chat/completions", body).status, 200);
    }
    const qint64 failed = admin.get("/health/metrics").json()[u"route_failures_total"].toInteger();
    QVERIFY(failed > 0);
    const auto unnoticed = [&gatehouse] {
        qint64 sum = 0;
        for (const QJsonObject &line : gatehouse.requestLines(QStringLiteral("/v1/chat/completions")))
            sum += line.contains(u"attempts") ? line[u"attempts"].toInteger() - 1 : 0;
        return sum;
    };
    QTRY_COMPARE(unnoticed(), failed); // The log is written by a thread of its own.
    QVERIFY(gatehouse.why().contains(QStringLiteral("second: upstream_failed")));
    QVERIFY(admin.get("/metrics")
                .body.contains("gatehouse_route_failures_total{error=\"upstream_failed\",route=\"second\"} " +
                               QByteArray::number(failed) + '\n'));
    const QJsonArray sources = admin.get("/api/models").json()[u"data"][2][u"sources"].toArray();
    QCOMPARE(sources.size(), 2); // Both of the pool.
}

QTEST_GUILESS_MAIN(ProgramRoutesTest)
#include "tst_program_routes.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"
#include "services/needs_server.h"
#include "services/redis_server.h"

#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <memory>
#include <thread>

using namespace gatehouse;

/// A limit of N lets exactly N in, however many ask at once and wherever.
class AccessExactlyTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void holdsUnderParallelLoad_data();
    void holdsUnderParallelLoad();
    void goesOnWithoutRedis();
    void shutsOutWhoHammers();

private:
    static int admitted(const QList<quint16> &ports, const QByteArray &key, int clients, int requestsEach);

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
    services::RedisServer m_redis;
};

void AccessExactlyTest::holdsUnderParallelLoad_data()
{
    QTest::addColumn<bool>("inRedis");
    QTest::addColumn<QByteArray>("limit");
    QTest::newRow("memory, a minute") << false << QByteArray(R"("rpm":150)");
    QTest::newRow("memory, an hour") << false << QByteArray(R"("rate_limit":150)");
    QTest::newRow("Redis, a minute") << true << QByteArray(R"("rpm":150)");
    QTest::newRow("Redis, an hour") << true << QByteArray(R"("rate_limit":150)");
}

void AccessExactlyTest::holdsUnderParallelLoad()
{
    QFETCH(const bool, inRedis);
    QFETCH(const QByteArray, limit);
    QTemporaryDir shared;
    QStringList environment{
        m_route, QStringLiteral("GATEHOUSE_AUTH_MODE=required"), QStringLiteral("GATEHOUSE_SERVER_LANES=4"),
        QStringLiteral("GATEHOUSE_AUTH_KEY_HASH_SECRET=one-for-both-0123456789abcdef"),
        QStringLiteral("DATABASE_URL=sqlite:///") + shared.filePath(QStringLiteral("both.db"))};
    if (inRedis) {
        GATEHOUSE_NEEDS_SERVER(RedisServer);
        QVERIFY(m_redis.start());
        environment << QStringLiteral("USE_REDIS=true") << QStringLiteral("REDIS_URL=") + m_redis.url();
    }
    GatehouseProcess first(environment);
    GatehouseProcess second(environment);
    const QByteArray adminKey = first.makeAdminKey();
    QVERIFY2(first.start(), qPrintable(first.why()));
    QList<quint16> ports{first.port()};
    if (inRedis) {
        QVERIFY2(second.start(), qPrintable(second.why()));
        ports.append(second.port());
    }
    const ApiAnswer made =
        ApiClient(first.port(), bearer(adminKey)).post("/api/keys", R"({"name":"k",)" + limit + "}");
    const QByteArray key = made.json()[u"key"].toString().toUtf8();
    if (inRedis) // Which hears of the key a moment later.
        QTRY_COMPARE(ApiClient(second.port(), bearer(key)).get("/api/keys").status, 403);
    QCOMPARE(admitted(ports, key, 32, 10), 150);
    if (inRedis)
        m_redis.stop();
}

/// How many of the answers were no 429.
int AccessExactlyTest::admitted(const QList<quint16> &ports, const QByteArray &key, int clients,
                                int requestsEach)
{
    std::atomic<int> count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&count, key, requestsEach, port = ports[i % ports.size()]] {
            const ApiClient client(port, bearer(key));
            for (int n = 0; n < requestsEach; ++n)
                count += client.get("/v1/models").status == 200 ? 1 : 0;
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    return count;
}

void AccessExactlyTest::goesOnWithoutRedis()
{
    GATEHOUSE_NEEDS_SERVER(RedisServer);
    QVERIFY(m_redis.start());
    GatehouseProcess gatehouse({m_route, QStringLiteral("GATEHOUSE_AUTH_MODE=required"),
                                QStringLiteral("USE_REDIS=true"),
                                QStringLiteral("REDIS_URL=") + m_redis.url()});
    const QByteArray adminKey = gatehouse.makeAdminKey();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiAnswer made =
        ApiClient(gatehouse.port(), bearer(adminKey)).post("/api/keys", R"({"name":"k","rpm":1000})");
    const ApiClient user(gatehouse.port(), bearer(made.json()[u"key"].toString().toUtf8()));
    QCOMPARE(user.chat().status, 200);
    m_redis.kill();
    for (int i = 0; i < 5; ++i)
        QCOMPARE(user.chat().status, 200);
    QTRY_VERIFY2(gatehouse.why().contains(QStringLiteral("redis gone")), qPrintable(gatehouse.why()));
    QVERIFY(m_redis.start());
    QTRY_VERIFY2(gatehouse.why().contains(QStringLiteral("redis is back")), qPrintable(gatehouse.why()));
    QCOMPARE(user.chat().status, 200);
}

void AccessExactlyTest::shutsOutWhoHammers()
{
    GatehouseProcess gatehouse({m_route, QStringLiteral("GATEHOUSE_AUTH_MODE=required"),
                                QStringLiteral("RATE_LIMIT_RPS=5"), QStringLiteral("RATE_LIMIT_BURST=10"),
                                QStringLiteral("GATEHOUSE_LIMITS_BLOCK_AFTER=20")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient guesser(gatehouse.port(),
                            bearer("gh_" + QByteArray(43, 'x')) + "X-Forwarded-For: 203.0.113.9\r\n");
    int unauthenticated = 0;
    ApiAnswer answer;
    for (int i = 0; i < 60; ++i) {
        answer = guesser.get("/v1/models");
        unauthenticated += answer.status == 401 ? 1 : 0;
    }
    QVERIFY2(unauthenticated >= 10 && unauthenticated < 30, qPrintable(QString::number(unauthenticated)));
    QCOMPARE(answer.status, 429);
    QVERIFY2(answer.headers.value("retry-after").toInt() > 30,
             answer.headers.value("retry-after").constData());
    // Others go on, and so do probes of health.
    const ApiClient other(gatehouse.port(), "X-Forwarded-For: 203.0.113.10\r\n");
    QCOMPARE(other.get("/v1/models").status, 401);
    QCOMPARE(ApiClient(gatehouse.port(), "X-Forwarded-For: 203.0.113.9\r\n").get("/healthz").status, 200);
}

QTEST_GUILESS_MAIN(AccessExactlyTest)
#include "tst_access_exactly.moc"

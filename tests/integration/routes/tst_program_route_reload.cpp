// SPDX-License-Identifier: GPL-3.0-or-later
#include "../access/api_client.h"
#include "route_house.h"

#include <QFile>
#include <QJsonDocument>
#include <QTest>

#include <csignal>

using namespace gatehouse;

namespace {

/// The body that makes a route to an upstream.
QByteArray route(const QString &key, const QUrl &url)
{
    const QJsonObject body{{QStringLiteral("key"), key}, {QStringLiteral("url"), url.toString()}};
    return QJsonDocument(body).toJson(QJsonDocument::Compact);
}

} // namespace

/// What a change of routes takes with it, and what it leaves, through the real program.
class RouteReloadTest : public RouteHouse
{
    Q_OBJECT
public:
    RouteReloadTest()
        : RouteHouse(1)
    {}

private Q_SLOTS:
    void initTestCase() { setModels(); }
    void areNotAnsweredForByTheCache();
    void stayWhereTheyAreUntilTheNextStart();
};

void RouteReloadTest::areNotAnsweredForByTheCache()
{
    QStringList environment = m_environment;
    environment << QStringLiteral("GEMMA_CACHE_ENABLED=true");
    GatehouseProcess gatehouse(environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    const auto ask = [&gatehouse, this] {
        const QByteArray body =
            R"({"model":"second-model","temperature":0,"messages":[{"role":"user","content":"Hi"}]})";
        return ApiClient(gatehouse.port(), bearer(m_user)).post("/v1/chat/completions", body);
    };
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl())).status, 201);
    QTRY_COMPARE(ask().headers.value("x-cache"), QByteArray("HIT"));
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_third.openAiUrl())).status, 200);
    const ApiAnswer anew = ask();
    QCOMPARE(anew.status, 200);
    QCOMPARE(anew.headers.value("x-cache"), QByteArray("MISS"));
    QCOMPARE(ask().headers.value("x-cache"), QByteArray("HIT"));
    QCOMPARE(admin.ask("DELETE", "/api/routes/second").status, 200);
    QCOMPARE(ask().status, 404);
}

void RouteReloadTest::stayWhereTheyAreUntilTheNextStart()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(m_admin));
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("second"), m_second.openAiUrl())).status, 201);
    QFile file(gatehouse.folder() + QStringLiteral("/.env"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("MODEL_ROUTE_THIRD=" + m_third.openAiUrl().toEncoded() + "\nGATEHOUSE_DATA_DIR=elsewhere\n");
    file.close();
    gatehouse.signal(SIGHUP);
    QTRY_COMPARE(admin.get("/api/routes/third").status, 200);
    QCOMPARE(admin.get("/api/routes/second").status, 200);
    QCOMPARE(admin.post("/api/routes", route(QStringLiteral("more"), m_second.openAiUrl())).status, 201);
    QFile kept(fileOf(gatehouse));
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll().count("[[routes]]"), 2);
}

QTEST_GUILESS_MAIN(RouteReloadTest)
#include "tst_program_route_reload.moc"

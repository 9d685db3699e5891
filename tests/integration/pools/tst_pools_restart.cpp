// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "asker.h"
#include "fakes/fake_upstream.h"
#include "pool_load.h"
#include "routes_toml.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QTest>

#include <array>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool isSanitized = true;
#else
constexpr bool isSanitized = false;
#endif

/// A pool of three under load, of which one is killed and restarted again and again.
class PoolsRestartTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void hidesTheOneThatIsGone();
    void tellsTheLogWhoIsGoneAndWhoIsBack();

private:
    [[nodiscard]] static int ledgerRows(const ApiClient &admin);
};

int PoolsRestartTest::ledgerRows(const ApiClient &admin)
{
    int rows = 0;
    QByteArray before;
    do {
        const QJsonObject page =
            admin.get("/api/requests?limit=500&endpoint=/v1/chat/completions" + before).json();
        rows += int(page[u"data"].toArray().size());
        const QJsonValue next = page[u"next_before"];
        before = next.isDouble() ? "&before=" + QByteArray::number(next.toInteger()) : QByteArray();
    } while (!before.isEmpty());
    return rows;
}

void PoolsRestartTest::hidesTheOneThatIsGone()
{
    constexpr int clients = isSanitized ? 12 : 40;
    constexpr int rounds = 5;
    constexpr int most = 8000;
    std::array<std::unique_ptr<FakeUpstream>, 3> upstreams;
    QList<RouteToml> routes;
    for (auto &upstream : upstreams) {
        upstream =
            std::make_unique<FakeUpstream>(behave("tokens=20,interval=10"), FakeUpstream::Runs::InOwnThread);
        routes.append({.key = "box" + QByteArray::number(routes.size()),
                       .url = upstream->openAiUrl(),
                       .more = "pool = \"boxes\""});
    }
    GatehouseProcess gatehouse({}, configArguments(), configFile(configured(routes)));
    const QByteArray adminKey = gatehouse.makeAdminKey();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    PoolLoad load(gatehouse.port(), clients, most);
    for (int round = 0; round < rounds; ++round) {
        FakeUpstream &upstream = *upstreams[std::size_t(round) % upstreams.size()];
        const quint64 begun = upstream.totals().requests;
        QTRY_VERIFY(upstream.totals().requests > begun + 10);
        upstream.refuse();
        upstream.resetConnections();
        const int answered = load.answered();
        QTRY_VERIFY(load.answered() > answered + clients);   // The others do its work.
        const quint64 before = upstream.totals().tokensSent; // Unlike a probe, a chat has tokens.
        upstream.accept();
        QElapsedTimer clock;
        clock.start();
        QTRY_VERIFY_WITH_TIMEOUT(upstream.totals().tokensSent > before, 5000);
        qInfo("load is back after %lld ms", static_cast<long long>(clock.elapsed()));
    }
    const LoadOutcome outcome = load.stop();
    qInfo("%d asked, %d complete, %d broken off", outcome.asked, outcome.complete, outcome.brokenOff);
    QVERIFY2(outcome.failed == 0, outcome.mistake);
    QCOMPARE(outcome.complete + outcome.brokenOff, outcome.asked);
    QVERIFY2(outcome.asked < most, "the load ended before the test");
    QTRY_COMPARE(ledgerRows(ApiClient(gatehouse.port(), bearer(adminKey))), outcome.asked);
}

void PoolsRestartTest::tellsTheLogWhoIsGoneAndWhoIsBack()
{
    FakeUpstream upstream(behave("tokens=2"), FakeUpstream::Runs::InOwnThread);
    GatehouseProcess gatehouse({}, configArguments(),
                               configFile(configured({{.key = "box", .url = upstream.openAiUrl()}})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const Asker asker(gatehouse.port());
    QCOMPARE(asker.chat().status, 200);
    QVERIFY(!gatehouse.why().contains(QStringLiteral("route down")));
    upstream.refuse();
    upstream.resetConnections();
    QCOMPARE(asker.chat().status, 502);
    QTRY_VERIFY(gatehouse.why().contains(QStringLiteral("route down")));
    QVERIFY(gatehouse.why().contains(QStringLiteral("upstream_unreachable")));
    QVERIFY(!gatehouse.why().contains(QStringLiteral("route up")));
    upstream.accept();
    QCOMPARE(asker.chat().status, 200); // Nobody else is left, so it is tried at once.
    QTRY_VERIFY(gatehouse.why().contains(QStringLiteral("route up")));
}

QTEST_GUILESS_MAIN(PoolsRestartTest)
#include "tst_pools_restart.moc"

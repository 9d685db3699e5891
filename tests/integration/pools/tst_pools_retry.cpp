// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "asker.h"
#include "closed_port.h"
#include "fakes/fake_upstream.h"
#include "routes_toml.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// What fails before its first byte moves on to another member of the pool; nothing else does.
class PoolsRetryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void movesOn_data();
    void movesOn();
    void staysWhereItIs_data();
    void staysWhereItIs();
    void triesSoManyAndNoMore();
    void countsNobodyWhoWasNotThere();

private:
    [[nodiscard]] static int asked(const FakeUpstream &upstream);
    void start();

    FakeUpstream m_first{{}, FakeUpstream::Runs::InOwnThread};
    FakeUpstream m_second{{}, FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
};

int PoolsRetryTest::asked(const FakeUpstream &upstream)
{
    const QList<fakes::SeenRequest> requests = upstream.requests();
    return int(std::count_if(requests.begin(), requests.end(),
                             [](const auto &seen) { return seen.request.method == "POST"; }));
}

void PoolsRetryTest::init()
{
    m_first.accept();
    m_second.setDefaults(behave("tokens=6"));
}

/// Next to all of the load is the first one's, and who comes alone comes to it.
void PoolsRetryTest::start()
{
    m_first.forget();
    m_second.forget();
    const QByteArray pool = "pool = \"boxes\"\ntimeouts.read_seconds = 0.5\ntimeouts.total_seconds = 20\n";
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList(), configArguments(),
        configFile(
            configured({{.key = "first", .url = m_first.openAiUrl(), .more = pool + "weight = 1000"},
                        {.key = "second", .url = m_second.openAiUrl(), .more = pool + "weight = 1"}})));
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    // The first probe, which must not find what is meant for a chat.
    const auto isProbed = [](const FakeUpstream &upstream) {
        const QList<fakes::SeenRequest> seen = upstream.requests();
        return !seen.isEmpty() && seen.first().ending != fakes::Ending::Open;
    };
    QTRY_VERIFY(isProbed(m_first) && isProbed(m_second));
}

void PoolsRetryTest::movesOn_data()
{
    QTest::addColumn<QByteArray>("wish");
    QTest::addColumn<bool>("stream");
    for (const bool stream : {false, true}) {
        for (const char *wish :
             {"fault=refuse", "fault=reset", "fault=close", "fault=garbage", "fault=garbage@0", "fault=empty",
              "fault=error@0", "fault=reset@0", "fault=stall@0", "fault=gzip", "fault=redirect", "status=500",
              "status=503,retry_after=1", "status=429,retry_after=1", "status=401", "status=404"})
            QTest::addRow("%s, %s", wish, stream ? "stream" : "folded") << QByteArray(wish) << stream;
    }
    for (const char *wish : {"fault=reset@3", "fault=truncated", "fault=long_length", "fault=invalid_utf8"})
        QTest::addRow("%s, folded", wish) << QByteArray(wish) << false;
}

void PoolsRetryTest::movesOn()
{
    QFETCH(const QByteArray, wish);
    QFETCH(const bool, stream);
    m_first.setDefaults(behave("tokens=16"));
    start();
    m_first.setDefaults(behave(wish));
    const ToldAnswer told = Asker(m_gatehouse->port()).chat({.stream = stream});
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    QVERIFY2(told.isComplete, QJsonDocument(told.error).toJson());
    QCOMPARE(told.text, behave("tokens=6").text());
    QCOMPARE(asked(m_first), 1);
    QCOMPARE(asked(m_second), 1);
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    const auto rows = [&admin] {
        return admin.get("/api/requests?endpoint=/v1/chat/completions").json()[u"data"].toArray();
    };
    QTRY_COMPARE(rows().size(), 1);
    QCOMPARE(rows().first()[u"status"].toInt(), 200);
    QCOMPARE(rows().first()[u"route"].toString(), QStringLiteral("second"));
    QCOMPARE(rows().first()[u"error"].toString(), QString());
}

void PoolsRetryTest::staysWhereItIs_data()
{
    QTest::addColumn<QByteArray>("wish");
    QTest::addColumn<bool>("stream");
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("hasText");
    for (const char *wish :
         {"fault=reset@3", "fault=close@3", "fault=stall@3", "fault=garbage@3", "fault=error@3"})
        QTest::addRow("%s", wish) << QByteArray(wish) << true << 200 << true;
    for (const bool stream : {false, true}) {
        for (const int status : {400, 422}) {
            const QByteArray wish = "status=" + QByteArray::number(status);
            QTest::addRow("%s, %s", wish.constData(), stream ? "stream" : "folded")
                << wish << stream << status << false;
        }
    }
}

void PoolsRetryTest::staysWhereItIs()
{
    QFETCH(const QByteArray, wish);
    QFETCH(const bool, stream);
    QFETCH(const int, status);
    QFETCH(const bool, hasText);
    m_first.setDefaults(behave(wish));
    start();
    const ToldAnswer told = Asker(m_gatehouse->port()).chat({.stream = stream});
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    QVERIFY(!told.isComplete);
    QCOMPARE(told.status, status);
    QVERIFY(!told.error.isEmpty());
    QCOMPARE(!told.text.isEmpty(), hasText);
    QCOMPARE(asked(m_first), 1);
    QCOMPARE(asked(m_second), 0);
}

void PoolsRetryTest::triesSoManyAndNoMore()
{
    m_first.setDefaults(behave("status=500"));
    m_first.forget();
    QList<RouteToml> routes;
    for (int i = 0; i < 6; ++i) // All of them are the first one; the path tells them apart.
        routes.append(
            {.key = "box" + QByteArray::number(i),
             .url =
                 QUrl(QStringLiteral("http://127.0.0.1:%1/as/tokens=1/box%2/v1").arg(m_first.port()).arg(i)),
             .more = "pool = \"boxes\""});
    GatehouseProcess gatehouse({}, configArguments(),
                               configFile(configured(routes, "[routing]\nattempts = 4\n")));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ToldAnswer told = Asker(gatehouse.port()).chat();
    QCOMPARE(told.status, 502);
    QCOMPARE(asked(m_first), 4);
    QSet<QByteArray> paths;
    for (const fakes::SeenRequest &seen : m_first.requests()) {
        if (seen.request.method == "POST")
            paths.insert(seen.request.path);
    }
    QCOMPARE(paths.size(), 4);
}

void PoolsRetryTest::countsNobodyWhoWasNotThere()
{
    m_second.forget();
    std::vector<std::unique_ptr<ClosedPort>> closed;
    QList<RouteToml> routes{{.key = "there", .url = m_second.openAiUrl(), .more = "pool = \"boxes\""}};
    for (int i = 0; i < 6; ++i) {
        closed.push_back(std::make_unique<ClosedPort>());
        routes.append({.key = "box" + QByteArray::number(i),
                       .url = QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(closed.back()->number())),
                       .more = "pool = \"boxes\"\nweight = 1000"});
    }
    GatehouseProcess gatehouse(
        {}, configArguments(),
        configFile(configured(routes, "[routing]\nattempts = 1\nprobe_seconds = 0\n")));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ToldAnswer told = Asker(gatehouse.port()).chat();
    QVERIFY2(told.isComplete, told.mistake);
    QCOMPARE(asked(m_second), 1);
}

QTEST_GUILESS_MAIN(PoolsRetryTest)
#include "tst_pools_retry.moc"

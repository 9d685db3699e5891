// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "asker.h"
#include "fakes/fake_upstream.h"
#include "pool_load.h"
#include "routes_toml.h"

#include <QJsonArray>
#include <QSaveFile>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// Routes that come, go and move while answers are under way.
class PoolsReloadTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void changesRoutesWithoutDroppingAStream();
    void changesAPoolUnderLoad();
    void refusesWhoWaitsForARouteThatGoes();
    void keepsTheOldRoutesWhenTheFileIsBad();

private:
    static void change(GatehouseProcess &gatehouse, const QByteArray &toml);
    [[nodiscard]] static QStringList models(const GatehouseProcess &gatehouse);

    FakeUpstream m_one{{}, FakeUpstream::Runs::InOwnThread};
    FakeUpstream m_two{{}, FakeUpstream::Runs::InOwnThread};
};

void PoolsReloadTest::change(GatehouseProcess &gatehouse, const QByteArray &toml)
{
    const auto files = configFile(toml);
    // As editors save: a half-written file is a file, too, and somebody may be reading it for an earlier
    // change.
    QSaveFile file(gatehouse.folder() + u'/' + files.begin().key());
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(files.begin().value());
    QVERIFY(file.commit());
    gatehouse.signal(SIGHUP);
}

QStringList PoolsReloadTest::models(const GatehouseProcess &gatehouse)
{
    QStringList ids;
    const QJsonObject list = ApiClient(gatehouse.port()).get("/v1/models").json();
    for (const QJsonValue model : list[u"data"].toArray())
        ids << model[u"id"].toString();
    ids.sort();
    return ids;
}

void PoolsReloadTest::changesRoutesWithoutDroppingAStream()
{
    m_one.setDefaults(behave("tokens=150,interval=10"));
    m_two.setDefaults(behave("tokens=2"));
    const RouteToml stays{.key = "stays", .url = m_one.openAiUrl(), .models = R"(["a"])"};
    const RouteToml moves{.key = "moves", .url = m_one.openAiUrl(), .models = R"(["b"])"};
    const RouteToml goes{.key = "goes", .url = m_one.openAiUrl(), .models = R"(["c"])"};
    GatehouseProcess gatehouse({}, configArguments(), configFile(configured({stays, moves, goes})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const Asker asker(gatehouse.port());
    std::vector<std::unique_ptr<RawClient>> running;
    for (const char *model : {"a", "b", "c"}) {
        running.push_back(std::make_unique<RawClient>(gatehouse.port()));
        QVERIFY(running.back()->send(asker.request({.model = model, .stream = true})));
        QVERIFY(running.back()->readUntil("w2 "));
    }
    const RouteToml moved{.key = "moves", .url = m_two.openAiUrl(), .models = R"(["b"])"};
    const RouteToml comes{.key = "comes", .url = m_two.openAiUrl(), .models = R"(["d"])"};
    change(gatehouse, configured({stays, moved, comes}));
    QTRY_COMPARE(models(gatehouse),
                 (QStringList{QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("d")}));
    m_one.forget();
    m_two.forget();
    QVERIFY(asker.chat({.model = "b"}).isComplete);
    QVERIFY(asker.chat({.model = "d"}).isComplete);
    QCOMPARE(m_two.totals().tokensSent, quint64(4));
    const ToldAnswer gone = asker.chat({.model = "c"});
    QCOMPARE(gone.status, 404);
    QCOMPARE(gone.error[u"code"].toString(), QStringLiteral("model_not_found"));
    for (const auto &client : running) {
        QVERIFY(client->readUntilClosed());
        const ToldAnswer told = readChat(client->received());
        QVERIFY2(told.isComplete && told.mistake.isEmpty(), told.mistake);
        QCOMPARE(told.text, behave("tokens=150").text());
    }
}

void PoolsReloadTest::changesAPoolUnderLoad()
{
    m_one.setDefaults(behave("tokens=3,interval=1"));
    m_two.setDefaults(behave("tokens=3,interval=1"));
    const RouteToml one{.key = "one", .url = m_one.openAiUrl(), .more = "pool = \"boxes\""};
    const RouteToml two{.key = "two", .url = m_two.openAiUrl(), .more = "pool = \"boxes\""};
    GatehouseProcess gatehouse({}, configArguments(), configFile(configured({one})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    PoolLoad load(gatehouse.port(), 16, 40'000);
    for (int round = 0; round < 8; ++round) {
        change(gatehouse, configured({one, two}));
        m_two.forget();
        QTRY_VERIFY(m_two.totals().tokensSent > 20);
        change(gatehouse, configured({two}));
        QTRY_COMPARE(m_one.totals().openAnswers, quint64(0));
        change(gatehouse, configured({one}));
        QTRY_COMPARE(m_two.totals().openAnswers, quint64(0));
    }
    const LoadOutcome outcome = load.stop();
    QVERIFY2(outcome.failed == 0, outcome.mistake);
    QCOMPARE(outcome.complete, outcome.asked);
}

void PoolsReloadTest::refusesWhoWaitsForARouteThatGoes()
{
    const RouteToml stays{.key = "stays", .url = m_two.openAiUrl(), .models = R"(["a"])"};
    const RouteToml goes{
        .key = "goes", .url = m_one.openAiUrl(), .more = "max_concurrent = 1", .models = R"(["c"])"};
    GatehouseProcess gatehouse({}, configArguments(),
                               configFile(configured({stays, goes}, "[server]\nheartbeat_seconds = 1\n")));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const Asker asker(gatehouse.port());
    m_one.setDefaults(behave("tokens=9,fault=stall@1"));
    RawClient running(gatehouse.port());
    QVERIFY(running.send(asker.request({.model = "c", .stream = true})));
    QVERIFY(running.readUntil("w0 "));
    RawClient waiting(gatehouse.port());
    QVERIFY(waiting.send(asker.request({.model = "c", .stream = true})));
    QVERIFY(waiting.readUntil(": queue position 1"));
    change(gatehouse, configured({stays}, "[server]\nheartbeat_seconds = 1\n"));
    QVERIFY(waiting.readUntilClosed());
    const ToldAnswer told = readChat(waiting.received());
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    QVERIFY(!told.error.isEmpty());
    QVERIFY(running.isConnected() && !running.received().contains("error"));
}

void PoolsReloadTest::keepsTheOldRoutesWhenTheFileIsBad()
{
    m_one.setDefaults(behave("tokens=2"));
    const RouteToml one{.key = "one", .url = m_one.openAiUrl()};
    GatehouseProcess gatehouse({}, configArguments(), configFile(configured({one})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    change(gatehouse, configured({one, one}) + "[[routes]]\nkey = \"no url\"\n");
    QTRY_VERIFY(gatehouse.why().contains(QStringLiteral("settings not reloaded")));
    QVERIFY(Asker(gatehouse.port()).chat().isComplete);
}

QTEST_GUILESS_MAIN(PoolsReloadTest)
#include "tst_pools_reload.moc"

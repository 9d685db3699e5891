// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/settings_change.h"
#include "config/table/setting_table.h"
#include "unit/config/config_fixture.h"

#include <QTest>

using namespace gatehouse;

class ReloadTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sameSettingsChangeNothing();
    void liveAndRestart();
    void secretsAreCompared();
    void accessAndLimitsAreLive();
    void whereThingsAreKeptIsNot();
    void theCacheAndWhatIsSentAlongAreLive();
    void limitsThatBeginToHoldHereAreTold();
    void modelsAndRoutingAreLive();
    void howLocalModelsRunIsNot();
    void routesComeAndGo();
    void everyFieldOfARouteIsLive();
    void whatOnlyTheOrderOrTheSourceChangesIsTold();
    void headersAreComparedUnseen();
};

void ReloadTest::sameSettingsChangeNothing()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("API_KEY=k\nMODEL_ROUTE_A=http://a/v1\nGEMMA_MODEL_TEMPERATURE=0.5");
    const SettingsChange change = changeBetween(*fixture.load().settings, *fixture.load().settings);
    QCOMPARE(change.live, QStringList());
    QCOMPARE(change.restart, QStringList());
}

void ReloadTest::liveAndRestart()
{
    Settings before;
    Settings after = before;
    after.server.port = 1;
    after.server.heartbeat = std::chrono::milliseconds(1);
    after.auth.mode = AuthMode::Off;
    after.model.temperature = 0.1;
    const SettingsChange change = changeBetween(before, after);
    QCOMPARE(change.live, (QStringList{QStringLiteral("server.heartbeat_seconds"),
                                       QStringLiteral("auth.mode"), QStringLiteral("model.temperature")}));
    QCOMPARE(change.restart, QStringList{QStringLiteral("server.port")});
}

void ReloadTest::secretsAreCompared()
{
    Settings before;
    before.auth.apiKey = Secret("a");
    Settings after;
    after.auth.apiKey = Secret("b");
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("auth.api_key")});
}

void ReloadTest::accessAndLimitsAreLive()
{
    Settings after;
    after.auth.demoAdminKey = Secret("a");
    after.auth.demoUserKey = Secret("b");
    after.auth.tokenLifetime = std::chrono::minutes(1);
    after.limits = {.requestsPerSecond = 1,
                    .burst = 1,
                    .requestsPerMinute = 1,
                    .blockAfter = 1,
                    .blockFor = std::chrono::seconds(1),
                    .longestBlock = std::chrono::seconds(1),
                    .maxAddresses = 1};
    const SettingsChange change = changeBetween(Settings(), after);
    QCOMPARE(change.restart, QStringList());
    QCOMPARE(change.live,
             (QStringList{QStringLiteral("auth.demo_admin_key"), QStringLiteral("auth.demo_user_key"),
                          QStringLiteral("auth.token_minutes"), QStringLiteral("limits.requests_per_second"),
                          QStringLiteral("limits.burst"), QStringLiteral("limits.requests_per_minute"),
                          QStringLiteral("limits.block_after"), QStringLiteral("limits.block_seconds"),
                          QStringLiteral("limits.longest_block_seconds"),
                          QStringLiteral("limits.max_addresses")}));
}

void ReloadTest::whereThingsAreKeptIsNot()
{
    Settings after;
    after.auth.secretKey = Secret("a");
    after.auth.keyHashSecret = Secret("b");
    after.database = {.url = Secret("sqlite:///a"), .keepRequestsDays = 1, .maxRequests = 1};
    after.redis = {.enabled = true, .url = Secret("redis://h")};
    const SettingsChange change = changeBetween(Settings(), after);
    QCOMPARE(change.live, QStringList());
    QCOMPARE(change.restart,
             (QStringList{QStringLiteral("auth.secret_key"), QStringLiteral("auth.key_hash_secret"),
                          QStringLiteral("database.url"), QStringLiteral("database.keep_requests_days"),
                          QStringLiteral("database.max_requests"), QStringLiteral("redis.enabled"),
                          QStringLiteral("redis.url")}));
}

void ReloadTest::theCacheAndWhatIsSentAlongAreLive()
{
    Settings after;
    after.cache = {.enabled = true, .lifetime = std::chrono::seconds(1), .maxBytes = 1};
    after.history = {.contextTokens = 1, .keepDays = 1};
    const SettingsChange change = changeBetween(Settings(), after);
    QCOMPARE(change.live,
             (QStringList{QStringLiteral("cache.enabled"), QStringLiteral("cache.lifetime_seconds"),
                          QStringLiteral("cache.max_bytes"), QStringLiteral("history.context_tokens")}));
    QCOMPARE(change.restart, QStringList{QStringLiteral("history.keep_days")});
}

void ReloadTest::limitsThatBeginToHoldHereAreTold()
{
    ConfigFixture fixture;
    const SettingsPtr before = fixture.load().settings;
    fixture.writeConfig("limits.burst = 20"); // The default, but written down.
    const SettingsPtr after = fixture.load().settings;
    QCOMPARE(changeBetween(*before, *after).live, QStringList{QStringLiteral("limits")});
    QCOMPARE(changeBetween(*after, *before).live, QStringList{QStringLiteral("limits")});
}

void ReloadTest::modelsAndRoutingAreLive()
{
    Settings after;
    after.model.defaultModel = QStringLiteral("a");
    after.model.defaultRouteKey = QStringLiteral("b");
    after.model.allowedModels = {QStringLiteral("a")};
    after.upstream = {.connect = std::chrono::seconds(1),
                      .read = std::chrono::seconds(1),
                      .write = std::chrono::seconds(1),
                      .total = std::chrono::seconds(1)};
    after.routing = {.fallbacks = {{QStringLiteral("*"), {QStringLiteral("c")}}},
                     .attempts = 1,
                     .probeInterval = std::chrono::seconds(1)};
    const SettingsChange change = changeBetween(Settings(), after);
    QCOMPARE(change.live,
             (QStringList{QStringLiteral("model.default"), QStringLiteral("model.default_route"),
                          QStringLiteral("model.allowed"), QStringLiteral("model.fallback"),
                          QStringLiteral("upstream.connect_timeout_seconds"),
                          QStringLiteral("upstream.read_timeout_seconds"),
                          QStringLiteral("upstream.write_timeout_seconds"),
                          QStringLiteral("upstream.total_timeout_seconds"),
                          QStringLiteral("routing.attempts"), QStringLiteral("routing.probe_seconds")}));
    QCOMPARE(change.restart, QStringList());
}

void ReloadTest::howLocalModelsRunIsNot()
{
    Settings after;
    after.model.contextLength = 1;
    after.model.threads = 1;
    after.model.gpuLayers = 1;
    after.model.queueLimit = 1;
    const SettingsChange change = changeBetween(Settings(), after);
    QCOMPARE(change.live, QStringList());
    QCOMPARE(change.restart,
             (QStringList{QStringLiteral("model.context_length"), QStringLiteral("model.threads"),
                          QStringLiteral("model.gpu_layers"), QStringLiteral("model.queue_limit")}));
}

void ReloadTest::routesComeAndGo()
{
    const auto withRoutes = [](const QByteArray &lines) {
        ConfigFixture fixture;
        fixture.writeDotEnv(lines);
        return fixture.load().settings;
    };
    const SettingsPtr before = withRoutes("MODEL_ROUTE_A=http://a/v1\nMODEL_ROUTE_B=http://b/v1");
    const SettingsPtr after = withRoutes("MODEL_ROUTE_A=http://z/v1\nMODEL_ROUTE_C=http://c/v1");
    const SettingsChange change = changeBetween(*before, *after);
    QCOMPARE(change.live, (QStringList{QStringLiteral("routes.a.url"), QStringLiteral("routes.c"),
                                       QStringLiteral("routes.b")}));
    QCOMPARE(change.restart, QStringList());
}

void ReloadTest::everyFieldOfARouteIsLive()
{
    RouteSettings box;
    box.key = QStringLiteral("box");
    Settings before;
    before.routes = {box};
    box.kind = RouteKind::Local;
    box.url = QUrl(QStringLiteral("http://a"));
    box.path = QStringLiteral("/a");
    box.apiKey = Secret("a");
    box.headers = {{"A", Secret("a")}};
    box.models = {QStringLiteral("a")};
    box.pool = QStringLiteral("a");
    box.weight = 2;
    box.maxConcurrent = 2;
    box.queueLimit = 2;
    box.queueTimeout = std::chrono::seconds(2);
    box.timeouts = {.connect = std::chrono::seconds(1),
                    .firstByte = std::chrono::seconds(1),
                    .read = std::chrono::seconds(1),
                    .write = std::chrono::seconds(1),
                    .total = std::chrono::seconds(1)};
    Settings after;
    after.routes = {box};
    const SettingsChange change = changeBetween(before, after);
    QStringList all;
    for (const auto &spec : routeFieldTable())
        all.append(QStringLiteral("routes.box.") + spec.keyText());
    QCOMPARE(change.live, all);
    QCOMPARE(change.restart, QStringList());

    Settings renamed = after;
    renamed.routes.first().names = {{QStringLiteral("a"), QStringLiteral("b")}};
    QCOMPARE(changeBetween(after, renamed).live, QStringList{QStringLiteral("routes.box.models")});
}

void ReloadTest::whatOnlyTheOrderOrTheSourceChangesIsTold()
{
    RouteSettings a;
    a.key = QStringLiteral("a");
    RouteSettings b;
    b.key = QStringLiteral("b");
    Settings before;
    before.routes = {a, b};
    Settings after;
    after.routes = {b, a};
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("routes")});

    after.routes = {a, b};
    after.routes[1].isManaged = true;
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("routes.b")});
    after.routes = {a, b};
    after.routes[0].timeouts.totalBoundsStreams = true;
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("routes.a")});

    after.routes = {b}; // That the rest moved up goes without saying.
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("routes.a")});
}

void ReloadTest::headersAreComparedUnseen()
{
    RouteSettings box;
    box.key = QStringLiteral("box");
    box.headers = {{"X", Secret("hidden")}};
    Settings before;
    before.routes = {box};
    box.headers = {{"X", Secret("hidden, too")}};
    Settings after;
    after.routes = {box};
    QCOMPARE(changeBetween(before, after).live, QStringList{QStringLiteral("routes.box.headers")});
    QCOMPARE(changeBetween(after, after).live, QStringList());
}

QTEST_GUILESS_MAIN(ReloadTest)
#include "tst_reload.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/config/config_fixture.h"

#include <QTest>

using namespace gatehouse;

class SettingsRulesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void mistakes_data();
    void mistakes();
    void warnings_data();
    void warnings();
    void keyWithoutModeMeansRequired();
    void demoKeyWithoutModeMeansRequired();
    void writtenModeStays();
    void limitsHoldHereOnceWritten_data();
    void limitsHoldHereOnceWritten();
    void aBoundForTheMinuteAloneIsTheOnlyOne_data();
    void aBoundForTheMinuteAloneIsTheOnlyOne();
    void accessIsRead();
    void everyOriginSwallowsOthers();
    void totalBoundsStreamsOnceWritten();
    void defaultRouteIgnoresCase();
    void pathMakesARouteLocal();
    void withoutEngine();
    void tooManyRoutes();
    void reservedHeadersAreRefused_data();
    void reservedHeadersAreRefused();
};

void SettingsRulesTest::mistakes_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("message"); // Behind the file's name.
    const auto row = [](const char *name, const char *toml, const char *message) {
        QTest::newRow(name) << QByteArray(toml) << QString::fromLatin1(message);
    };
    row("certificate alone", "server.tls_certificate = 'a'",
        ":1: server.tls_certificate: TLS needs both; set server.tls_key, too");
    row("key alone", "server.tls_key = 'a'",
        ":1: server.tls_key: TLS needs both; set server.tls_certificate, too");
    row("target longer than head", "server.max_target_bytes = 65537",
        ":1: server.max_target_bytes: the target is part of the head, and server.max_head_bytes is 65536");
    row("default route", "model.default_route = 'bx'\n[[routes]]\nkey = 'box'\nurl = 'http://a/v1'",
        ":1: model.default_route: there is no route \"bx\"; did you mean \"box\"?");
    row("default route, nothing near", "model.default_route = 'other-one'",
        ":1: model.default_route: there is no route \"other-one\"");
    row("no url", "\n[[routes]]\nkey = 'a'", ":3: routes.key: the route \"a\" has no url");
    row("refused url is told once", "[[routes]]\nkey = 'a'\nurl = 'x'",
        ":3: routes.a.url: expects an http or https URL without credentials, query or fragment, not \"x\"");
    row("local with a url", "[[routes]]\nkey = 'a'\nkind = 'local'\nurl = 'http://a'",
        ":4: routes.a.url: the route \"a\" is local and can have no url");
    row("remote with a path", "[[routes]]\nkey = 'a'\nkind = 'ollama'\nurl = 'http://a'\npath = 'b'",
        ":5: routes.a.path: only a local route has a path, and \"a\" is none");
    row("port out of range", "server.port = 65536",
        ":1: server.port: expects a whole number from 0 to 65535, not 65536");
    row("port with a fraction", "server.port = 80.5",
        ":1: server.port: expects a whole number from 0 to 65535, not 80.5");
    row("text for a number", "server.port = '80'",
        ":1: server.port: expects a whole number from 0 to 65535, not \"80\"");
    row("a date", "server.port = 2020-01-01", ":1: server.port: expects a whole number from 0 to 65535");
    row("no list", "model.allowed = 'a'", ":1: model.allowed: expects a list of models' names, not \"a\"");
    row("two keys alike", "auth.api_key = 'k'\nauth.demo_user_key = 'k'",
        ":2: auth.demo_user_key: is the same as auth.api_key");
    row("user and admin alike", "auth.demo_user_key = 'k'\nauth.demo_admin_key = 'k'",
        ":1: auth.demo_user_key: is the same as auth.demo_admin_key");
    row("signed with a key", "auth.api_key = 'k'\nauth.secret_key = 'k'",
        ":2: auth.secret_key: is the same as auth.api_key");
    row("one secret for two purposes", "auth.key_hash_secret = 'k'\nauth.secret_key = 'k'",
        ":1: auth.key_hash_secret: is the same as auth.secret_key");
    row("blocks that shrink", "limits.block_seconds = 3601",
        ":1: limits.block_seconds: the first block lasts 3601 seconds and the longest 3600");
    row("blocks that shrink, the other way", "limits.longest_block_seconds = 59",
        ":1: limits.longest_block_seconds: the first block lasts 60 seconds and the longest 59");
    row("negative rate", "limits.requests_per_second = -1",
        ":1: limits.requests_per_second: expects 0, or a number from 0.001 to 1000000, not -1");
    row("a rate next to nothing", "limits.requests_per_second = 1e-300",
        ":1: limits.requests_per_second: expects 0, or a number from 0.001 to 1000000, not 1e-300");
    row("no burst", "limits.burst = 0", ":1: limits.burst: expects a whole number from 1 to 1000000, not 0");
    row("token for no time", "auth.token_minutes = 0",
        ":1: auth.token_minutes: expects a whole number from 1 to 525600, not 0");
    row("foreign database", "database.url = 'mysql://h/d'",
        ":1: database.url: expects postgresql://user:password@host:port/name or sqlite:///file");
    row("foreign cache", "redis.url = 'http://h'",
        ":1: redis.url: expects redis://user:password@host:port/database or unix:///path");
    row("pool named like a route",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='b'\n[[routes]]\nkey='b'\nurl='http://y/v1'",
        ":4: routes.a.pool: \"b\" is the key of a route that isn't in this pool");
    row("pool's name", "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='a b'",
        ":4: routes.a.pool: expects a name of letters, digits, _, - and ., not \"a b\"");
    row("default route like a pool",
        "model.default_route='gpu'\n[[routes]]\nkey='a'\nurl='http://x/v1'\npool='gpus'\n"
        "[[routes]]\nkey='b'\nurl='http://y/v1'\npool='gpus'",
        ":1: model.default_route: there is no route \"gpu\"; did you mean \"gpus\"?");
    row("no weight", "[[routes]]\nkey='a'\nurl='http://x/v1'\nweight=0",
        ":4: routes.a.weight: expects a whole number from 1 to 1000, not 0");
    row("too long a queue", "[[routes]]\nkey='a'\nurl='http://x/v1'\nqueue_limit=100001",
        ":4: routes.a.queue_limit: expects a whole number from 0 to 100000, not 100001");
    row("negative concurrency", "[[routes]]\nkey='a'\nurl='http://x/v1'\nmax_concurrent=-1",
        ":4: routes.a.max_concurrent: expects a whole number from 0 to 100000, not -1");
    row("no wait", "[[routes]]\nkey='a'\nurl='http://x/v1'\ntimeouts.queue_seconds=0",
        ":4: routes.a.timeouts.queue_seconds: expects a number of seconds from 0.001 to 86400, not 0");
    row("header of HTTP's own", "[[routes]]\nkey='a'\nurl='http://x/v1'\nheaders={hOST='b'}",
        ":4: routes.a.headers: hOST is not to be set here");
    row("header for proxies", "[[routes]]\nkey='a'\nurl='http://x/v1'\nheaders={Proxy-Any='b'}",
        ":4: routes.a.headers: Proxy-Any is not to be set here");
    row("two credentials",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\napi_key='k'\nheaders={authorization='Bearer hidden'}",
        ":5: routes.a.headers: authorization is what api_key is for; set one of them");
    row("no attempt", "routing.attempts = 0",
        ":1: routing.attempts: expects a whole number from 1 to 10, not 0");
    row("probes once a day", "routing.probe_seconds = 3601",
        ":1: routing.probe_seconds: expects a number of seconds from 0 to 3600, not 3601");
    row("fallback to itself", "model.fallback = { a = ['a'] }",
        ":1: model.fallback: \"a\" has nothing but itself to fall back on");
    row("fallback as a text", "model.fallback = 'a'",
        ":1: model.fallback: expects a list of at most 8 models, or a table of at most 256 such lists by "
        "model: { \"small\" = [\"big\"] }, not \"a\"");
    row("infinite", "server.drain_seconds = inf",
        ":1: server.drain_seconds: expects a number of seconds from 0 to 86400, not inf.0");
}

void SettingsRulesTest::mistakes()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, message);
    ConfigFixture fixture;
    const QString file = fixture.writeConfig(toml);
    const LoadedSettings loaded = fixture.load();
    QVERIFY(!loaded.settings);
    QCOMPARE(joined(loaded.mistakes), file + message);
}

void SettingsRulesTest::warnings_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("message"); // Empty: nothing to tell.
    const auto row = [](const char *name, const char *toml, const char *message) {
        QTest::newRow(name) << QByteArray(toml) << QString::fromLatin1(message);
    };
    row("off, here only", "auth.mode = 'off'", "");
    row("off, reachable", "auth.mode = 'off'\nserver.host = '0.0.0.0'",
        ":1: auth.mode: nobody needs a key, and other machines can reach 0.0.0.0");
    row("off, with a key", "auth.mode = 'off'\nauth.api_key = 'k'", "");
    // There may be keys in the database.
    row("reachable without a key here", "server.host = '::'", "");
    row("reachable with a key", "server.host = '::'\nauth.api_key = 'k'", "");
    row("required without a key here", "auth.mode = 'required'", "");
    row("fallback to a model that isn't there",
        "model.fallback = ['a:small', 'qwen3:8b']\n[[routes]]\nkey='a'\nurl='http://x/v1'\nmodels=['big']",
        ":1: model.fallback: \"a:small\" leads nowhere: the models of that route are written down, and "
        "\"small\" is none of them");
    row("fallback to a model of another tag",
        "model.fallback = ['a:big:latest', 'a:b']\n"
        "[[routes]]\nkey='a'\nurl='http://x/v1'\nmodels=['big', 'b:latest']",
        "");
    row("fallback to a model of another route in the pool of that name",
        "model.fallback = ['p:big']\n"
        "[[routes]]\nkey='p'\nurl='http://x/v1'\npool='p'\nmodels=['small']\n"
        "[[routes]]\nkey='b'\nurl='http://y/v1'\npool='p'\nmodels=['big']",
        ":1: model.fallback: \"p:big\" leads nowhere: the models of that route are written down, and "
        "\"big\" is none of them");
    row("fallback to a model of a pool",
        "model.fallback = ['p:big']\n"
        "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='p'\nmodels=['small']\n"
        "[[routes]]\nkey='b'\nurl='http://y/v1'\npool='p'\nmodels=['big']",
        "");
    row("fallback to no model", "model.fallback = ['a:', 'b:']\n[[routes]]\nkey='a'\nurl='http://x/v1'",
        ":1: model.fallback: \"a:\" leads nowhere: it names no model");
    row("fallback to a model that is forbidden",
        "model.fallback = ['a:big', 'qwen3:8b:latest', 'small']\nmodel.allowed = ['qwen3:8b', 'big']\n"
        "[[routes]]\nkey='a'\nurl='http://x/v1'",
        ":1: model.fallback: \"small\" leads nowhere: \"small\" is not in model.allowed");
    row("default model allowed by another tag",
        "model.default = 'a:latest'\nmodel.allowed = ['a']\n[[routes]]\nkey='a'\nurl='http://x/v1'", "");
    row("fallback to a model that is",
        "model.fallback = ['A:big']\n[[routes]]\nkey='a'\nurl='http://x/v1'\nmodels=['big']", "");
    row("demo admin", "auth.demo_admin_key = 'k'",
        ":1: auth.demo_admin_key: is for trying things out: whoever knows it is an admin");
    row("demo user", "auth.demo_user_key = 'k'",
        ":1: auth.demo_user_key: is for trying things out: whoever knows it gets in");
    row("short secret", "auth.secret_key = '0123456789abcde'",
        ":1: auth.secret_key: can be guessed: it has fewer than 16 characters");
    row("long enough secret", "auth.secret_key = '0123456789abcdef'", "");
    row("short hash secret", "auth.key_hash_secret = 'k'",
        ":1: auth.key_hash_secret: can be guessed: it has fewer than 16 characters");
    for (const char *placeholder : {"change-me", "CHANGE_ME_in_production_please", "your-secret-key-here",
                                    "secret", "Secret Key", "changeme", "your-super-secret-key-change-this"})
        QTest::newRow(placeholder) << "auth.secret_key = '" + QByteArray(placeholder) + "'"
                                   << QStringLiteral(":1: auth.secret_key: is a placeholder that everybody "
                                                     "knows; write a random text, or leave it out to have "
                                                     "one made");
    row("secret that begins with secret", "auth.secret_key = 'secret-7f3a9c2e51b8'", "");
    row("default model not allowed",
        "model.default = 'a'\nmodel.allowed = ['b']\n[[routes]]\nkey='a'\nurl='http://x/v1'",
        ":1: model.default: is not in model.allowed");
    row("default model without a route", "model.default = 'a'",
        ":1: model.default: there is no route that could serve \"a\", so the built-in demo model answers in "
        "its "
        "place; write [[routes]] with the path of a GGUF file");
    row("twins", "[[routes]]\nkey='a'\nurl='http://x/v1'\n[[routes]]\nkey='b'\nurl='http://x/v1'",
        ":6: routes.b.url: the route \"a\" has the same url, so both count as one place");
    row("twins of other kinds",
        "[[routes]]\nkey='a'\nurl='http://x/sub'\n[[routes]]\nkey='b'\nkind='ollama'\nurl='http://x/sub'",
        "");
    row("twins with other keys",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\n[[routes]]\nkey='b'\nurl='http://x/v1'\napi_key='k'",
        ":6: routes.b.url: the route \"a\" has the same url with another api_key or other headers; both "
        "count "
        "as one place, so models of both are asked of \"a\" unless a modelKey says otherwise");
    row("twins with other headers",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\n[[routes]]\nkey='b'\nurl='http://x/v1'\nheaders={A='b'}",
        ":6: routes.b.url: the route \"a\" has the same url with another api_key or other headers; both "
        "count "
        "as one place, so models of both are asked of \"a\" unless a modelKey says otherwise");
    row("two accounts in a pool",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='p'\napi_key='j'\n"
        "[[routes]]\nkey='b'\nurl='http://x/v1'\npool='p'\napi_key='k'",
        "");
    row("twins in a pool",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='p'\n"
        "[[routes]]\nkey='b'\nurl='http://x/v1'\npool='p'",
        ":7: routes.b.url: the route \"a\" has the same url, so both count as one place");
    row("pool of one", "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='p'",
        ":4: routes.a.pool: the pool \"p\" has no other route");
    row("local routes in a pool",
        "[[routes]]\nkey='a'\npath='a.gguf'\npool='p'\n[[routes]]\nkey='b'\npath='b.gguf'\npool='p'", "");
    row("pool with the name of its own route",
        "[[routes]]\nkey='p'\nurl='http://x/v1'\npool='p'\n[[routes]]\nkey='b'\nurl='http://y/v1'\npool='p'",
        "");
    row("pool as the default route",
        "model.default_route='p'\n"
        "[[routes]]\nkey='a'\nurl='http://x/v1'\npool='p'\n[[routes]]\nkey='b'\nurl='http://y/v1'\npool='p'",
        "");
    row("Authorization without an api_key",
        "[[routes]]\nkey='a'\nurl='http://x/v1'\nheaders={Authorization='Api-Key k',X='y'}", "");
    row("fallback with itself among others", "model.fallback = { a = ['a', 'b'], '*' = ['c'] }", "");
    row("no path", "[[routes]]\nkey='a'\nurl='http://x'", ":3: routes.a.url: is taken as \"http://x/v1\"");
    row("a path of its own", "[[routes]]\nkey='a'\nurl='http://x/openai'", "");
    row("Ollama's api", "[[routes]]\nkey='a'\nkind='ollama'\nurl='http://x/sub/api'",
        ":4: routes.a.url: is taken as \"http://x/sub\"");
}

void SettingsRulesTest::warnings()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, message);
    ConfigFixture fixture;
    const QString file = fixture.writeConfig(toml);
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(joined(loaded.warnings), message.isEmpty() ? QString() : file + message);
}

void SettingsRulesTest::keyWithoutModeMeansRequired()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("API_KEY=k");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings->auth.mode, AuthMode::Required);
    QCOMPARE(effective(loaded, QStringLiteral("auth.mode")),
             QStringLiteral("\"required\" @ implied by auth.api_key"));
}

void SettingsRulesTest::demoKeyWithoutModeMeansRequired()
{
    for (const char *key : {"auth.demo_admin_key", "auth.demo_user_key"}) {
        ConfigFixture fixture;
        fixture.writeConfig(QByteArray(key) + " = 'k'");
        QCOMPARE(effective(fixture.load(), QStringLiteral("auth.mode")),
                 QStringLiteral("\"required\" @ implied by %1").arg(QLatin1String(key)));
    }
    ConfigFixture fixture;
    fixture.writeConfig("auth.secret_key = '0123456789abcdef'"); // Nobody shows this one.
    QCOMPARE(fixture.load().settings->auth.mode, AuthMode::Local);
}

void SettingsRulesTest::aBoundForTheMinuteAloneIsTheOnlyOne_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<double>("perSecond");
    QTest::newRow("nothing") << QByteArray() << 10.0;
    QTest::newRow("the minute") << QByteArray("RATE_LIMIT_PER_MIN=120") << 0.0;
    QTest::newRow("no minute") << QByteArray("RATE_LIMIT_PER_MIN=0") << 10.0;
    QTest::newRow("with a rate") << QByteArray("RATE_LIMIT_PER_MIN=120\nRATE_LIMIT_RPS=7") << 7.0;
    QTest::newRow("with a burst") << QByteArray("RATE_LIMIT_PER_MIN=120\nRATE_LIMIT_BURST=7") << 10.0;
}

void SettingsRulesTest::aBoundForTheMinuteAloneIsTheOnlyOne()
{
    QFETCH(QByteArray, lines);
    QFETCH(double, perSecond);
    ConfigFixture fixture;
    fixture.writeDotEnv(lines);
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings->limits.requestsPerSecond, perSecond);
    if (perSecond == 0)
        QCOMPARE(effective(loaded, QStringLiteral("limits.requests_per_second")),
                 QStringLiteral("0 @ implied by limits.requests_per_minute"));
}

void SettingsRulesTest::limitsHoldHereOnceWritten_data()
{
    QTest::addColumn<QByteArray>("dotEnv");
    QTest::addColumn<bool>("holds");
    QTest::newRow("nothing") << QByteArray() << false;
    QTest::newRow("rate") << QByteArray("RATE_LIMIT_RPS=10") << true; // The default, but written down.
    QTest::newRow("burst") << QByteArray("GATEHOUSE_LIMITS_BURST=20") << true;
    QTest::newRow("window") << QByteArray("RATE_LIMIT_PER_MIN=60") << true;
    QTest::newRow("other") << QByteArray("GATEHOUSE_LIMITS_BLOCK_AFTER=5\nGATEHOUSE_LIMITS_MAX_ADDRESSES=9")
                           << false;
}

void SettingsRulesTest::limitsHoldHereOnceWritten()
{
    QFETCH(QByteArray, dotEnv);
    QFETCH(bool, holds);
    ConfigFixture fixture;
    fixture.writeDotEnv(dotEnv);
    QCOMPARE(fixture.load().settings->limits.appliesToLoopback, holds);
    ConfigFixture other; // From whichever source.
    other.writeConfig(holds ? "limits.burst = 3" : "");
    QCOMPARE(other.load().settings->limits.appliesToLoopback, holds);
}

void SettingsRulesTest::accessIsRead()
{
    ConfigFixture fixture;
    fixture.writeConfig("[auth]\ndemo_admin_key = 'a'\ndemo_user_key = 'b'\nsecret_key = 'a secret: käse'\n"
                        "key_hash_secret = 'another secret: käse'\ntoken_minutes = 5\n"
                        "[limits]\nrequests_per_second = 0.5\nburst = 2\nrequests_per_minute = 3\n"
                        "block_after = 4\nblock_seconds = 5\nlongest_block_seconds = 6\nmax_addresses = 7\n"
                        "[database]\nurl = 'sqlite:///x.db'\nkeep_requests_days = 8\nmax_requests = 9\n"
                        "[redis]\nenabled = true\nurl = 'unix:///run/r.sock'\n");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    const AuthSettings &auth = loaded.settings->auth;
    QCOMPARE(auth.demoAdminKey.reveal(), QByteArray("a"));
    QCOMPARE(auth.demoUserKey.reveal(), QByteArray("b"));
    QCOMPARE(auth.secretKey.reveal(), QByteArray("a secret: käse"));
    QCOMPARE(auth.keyHashSecret.reveal(), QByteArray("another secret: käse"));
    QCOMPARE(auth.tokenLifetime, std::chrono::minutes(5));
    const LimitSettings &limits = loaded.settings->limits;
    QCOMPARE(limits.requestsPerSecond, 0.5);
    QCOMPARE(limits.burst, 2);
    QCOMPARE(limits.requestsPerMinute, 3);
    QCOMPARE(limits.blockAfter, 4);
    QCOMPARE(limits.blockFor, std::chrono::seconds(5));
    QCOMPARE(limits.longestBlock, std::chrono::seconds(6));
    QCOMPARE(limits.maxAddresses, 7);
    QCOMPARE(loaded.settings->database.url.reveal(), QByteArray("sqlite:///x.db"));
    QCOMPARE(loaded.settings->database.keepRequestsDays, 8);
    QCOMPARE(loaded.settings->database.maxRequests, 9);
    QVERIFY(loaded.settings->redis.enabled);
    QCOMPARE(loaded.settings->redis.url.reveal(), QByteArray("unix:///run/r.sock"));
}

void SettingsRulesTest::writtenModeStays()
{
    ConfigFixture fixture;
    fixture.writeConfig("auth.mode = 'local'");
    fixture.writeDotEnv("API_KEY=k");
    QCOMPARE(fixture.load().settings->auth.mode, AuthMode::Local);
    fixture.writeDotEnv("API_KEY=k\nAPI_KEY_OPTIONAL=true");
    QCOMPARE(fixture.load().settings->auth.mode, AuthMode::Off);
}

void SettingsRulesTest::everyOriginSwallowsOthers()
{
    ConfigFixture fixture;
    fixture.writeConfig("server.cors_origins = ['http://a', '*']");
    QCOMPARE(fixture.load().settings->server.corsOrigins, QStringList{QStringLiteral("*")});
}

void SettingsRulesTest::totalBoundsStreamsOnceWritten()
{
    ConfigFixture fixture;
    QVERIFY(!fixture.load().settings->routes.first().timeouts.totalBoundsStreams);
    fixture.setVariable("TOTAL_TIMEOUT_SECONDS", "120"); // The default, but written down.
    fixture.setVariable("MODEL_ROUTE_A", "http://a/v1");
    const UpstreamTimeouts timeouts = fixture.load().settings->routes.first().timeouts;
    QVERIFY(timeouts.totalBoundsStreams);
    QCOMPARE(timeouts.total, std::chrono::milliseconds(120'000));
}

void SettingsRulesTest::defaultRouteIgnoresCase()
{
    ConfigFixture fixture;
    fixture.setVariable("MODEL_ROUTE_FAST", "http://a/v1");
    fixture.setVariable("DEFAULT_MODEL_KEY", "Fast");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->model.defaultRouteKey, QStringLiteral("fast"));
    QCOMPARE(effective(loaded, QStringLiteral("model.default_route")),
             QStringLiteral("\"fast\" @ environment (DEFAULT_MODEL_KEY)"));
}

void SettingsRulesTest::pathMakesARouteLocal()
{
    ConfigFixture fixture;
    fixture.writeConfig("[[routes]]\nkey = 'a'\npath = 'm.gguf'");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes), QString());
    QCOMPARE(loaded.settings->routes.size(), 1);
    QCOMPARE(loaded.settings->routes.first().kind, RouteKind::Local);
    QCOMPARE(loaded.settings->routes.first().path, fixture.path(QStringLiteral("etc/m.gguf")));
}

void SettingsRulesTest::withoutEngine()
{
    ConfigFixture fixture;
    fixture.sources.hasEngine = false;
    LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings); // It starts, and says by /health/ready that it is of no use.
    QVERIFY(loaded.settings->routes.isEmpty());
    QVERIFY(joined(loaded.warnings).startsWith(QStringLiteral("routes: there is none")));

    const QString file = fixture.writeConfig("[[routes]]\nkey = 'a'\nkind = 'local'");
    loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes),
             file + QStringLiteral(":3: routes.a.kind: this build of Gatehouse runs no local models"));
}

void SettingsRulesTest::tooManyRoutes()
{
    ConfigFixture fixture;
    for (int i = 0; i < 256; ++i)
        fixture.setVariable(qPrintable(QStringLiteral("MODEL_ROUTE_R%1").arg(i)),
                            qPrintable(QStringLiteral("http://h%1/v1").arg(i)));
    QCOMPARE(fixture.load().settings->routes.size(), 256);
    fixture.setVariable("MODEL_ROUTE_ONE_MORE", "http://x/v1");
    QCOMPARE(joined(fixture.load().mistakes), QStringLiteral("routes: there can be 256 at most"));
}

void SettingsRulesTest::reservedHeadersAreRefused_data()
{
    QTest::addColumn<bool>("isRefused");
    for (const char *name :
         {"Host", "Content-Length", "transfer-encoding", "Connection", "Upgrade", "TE", "Trailer", "EXPECT",
          "Keep-Alive", "Proxy-Authorization", "proxy-connection", "Accept-Encoding", "Content-Type"})
        QTest::newRow(name) << true;
    for (const char *name :
         {"User-Agent", "Accept", "X-Host", "HTTP-Referer", "OpenAI-Organization", "Proxy"})
        QTest::newRow(name) << false;
}

void SettingsRulesTest::reservedHeadersAreRefused()
{
    QFETCH(bool, isRefused);
    ConfigFixture fixture;
    fixture.writeConfig("[[routes]]\nkey = 'a'\nurl = 'http://x/v1'\nheaders = { " +
                        QByteArray(QTest::currentDataTag()) + " = 'hidden' }");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings == nullptr, isRefused);
    QVERIFY(!joined(loaded.mistakes).contains(QStringLiteral("hidden")));
}

QTEST_GUILESS_MAIN(SettingsRulesTest)
#include "tst_settings_rules.moc"

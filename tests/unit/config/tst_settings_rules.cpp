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
    void writtenModeStays();
    void everyOriginSwallowsOthers();
    void totalBoundsStreamsOnceWritten();
    void defaultRouteIgnoresCase();
    void pathMakesARouteLocal();
    void withoutEngine();
    void tooManyRoutes();
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
    row("reachable without a key", "server.host = '::'",
        ":1: server.host: other machines need a key, and there is none; set auth.api_key");
    row("reachable with a key", "server.host = '::'\nauth.api_key = 'k'", "");
    row("required without a key", "auth.mode = 'required'",
        ":1: auth.mode: every caller needs a key, and there is none; set auth.api_key");
    row("default model not allowed", "model.default = 'a'\nmodel.allowed = ['b']",
        ":1: model.default: is not in model.allowed");
    row("twins", "[[routes]]\nkey='a'\nurl='http://x/v1'\n[[routes]]\nkey='b'\nurl='http://x/v1'",
        ":6: routes.b.url: the route \"a\" has the same url; their models can only be asked for with a "
        "modelKey");
    row("no path", "[[routes]]\nkey='a'\nurl='http://x'", ":3: routes.a.url: is taken as http://x/v1");
    row("a path of its own", "[[routes]]\nkey='a'\nurl='http://x/openai'", "");
    row("Ollama's api", "[[routes]]\nkey='a'\nkind='ollama'\nurl='http://x/sub/api'",
        ":4: routes.a.url: is taken as http://x/sub");
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

QTEST_GUILESS_MAIN(SettingsRulesTest)
#include "tst_settings_rules.moc"

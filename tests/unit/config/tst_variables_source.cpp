// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/route_variables.h"
#include "config/sources/unused_variables.h"
#include "config/table/setting_table.h"
#include "unit/config/config_fixture.h"

#include <QSet>
#include <QTest>

#include <vector>

using namespace gatehouse;

namespace {

struct AliasCase
{
    const char *name;
    const char *value;
    const char *key;
    const char *effectiveText;
};

const std::vector<AliasCase> aliasCases = {
    {"GEMMA_SERVER_HOST", "0.0.0.0", "server.host", "\"0.0.0.0\""},
    {"GEMMA_SERVER_HOST", "localhost", "server.host", "\"localhost\""},
    {"GEMMA_SERVER_PORT", "8001", "server.port", "8001"},
    {"API_PORT", "8002", "server.port", "8002"},
    {"PORT", "8003", "server.port", "8003"},
    {"GEMMA_SERVER_WORKERS", "2", "server.lanes", "2"},
    {"DEFAULT_MODEL", "llama3.2:3b", "model.default", "\"llama3.2:3b\""},
    {"DEFAULT_MODEL_NAME", "org/qwen", "model.default", "\"org/qwen\""},
    {"GEMMA_MODEL_NAME", "google/gemma-2b-it", "model.default", "\"google/gemma-2b-it\""},
    {"GEMMA_MODEL_MAX_LENGTH", "2048", "model.context_length", "2048"},
    {"GEMMA_MODEL_TEMPERATURE", "0.7", "model.temperature", "0.7"},
    {"GEMMA_PERFORMANCE_DEVICE", "cpu", "model.gpu_layers", "0"},
    {"GEMMA_PERFORMANCE_DEVICE", "CUDA:0", "model.gpu_layers", "-1"},
    {"GEMMA_PERFORMANCE_DEVICE", "auto", "model.gpu_layers", "-1"},
    {"ALLOWED_MODELS", "a, b", "model.allowed", "[\"a\", \"b\"]"},
    {"API_KEY", "hidden", "auth.api_key", "********"},
    {"API_KEY_OPTIONAL", "true", "auth.mode", "\"off\""},
    {"API_KEY_OPTIONAL", "false", "auth.mode", "\"required\""},
    {"AUTH_REQUIRED", "true", "auth.mode", "\"required\""},
    {"AUTH_REQUIRED", "0", "auth.mode", "\"off\""},
    {"GEMMA_SECURITY_API_KEY_REQUIRED", "true", "auth.mode", "\"required\""},
    {"GEMMA_SECURITY_API_KEY_REQUIRED", "false", "auth.mode", "\"off\""},
    {"SECRET_KEY", "hidden-hidden-hidden with spaces", "auth.secret_key", "********"},
    {"DEMO_ADMIN_KEY", "hidden", "auth.demo_admin_key", "********"},
    {"DEMO_USER_KEY", "hidden", "auth.demo_user_key", "********"},
    {"ACCESS_TOKEN_EXPIRE_MINUTES", "60", "auth.token_minutes", "60"},
    {"RATE_LIMIT_RPS", "2.5", "limits.requests_per_second", "2.5"},
    {"RATE_LIMIT_RPS", "5.0", "limits.requests_per_second", "5"},
    {"RATE_LIMIT_BURST", "40", "limits.burst", "40"},
    {"RATE_LIMIT_PER_MIN", "120", "limits.requests_per_minute", "120"},
    {"GEMMA_SECURITY_RATE_LIMIT_PER_MINUTE", "60", "limits.requests_per_minute", "60"},
    {"DATABASE_URL", "postgresql+asyncpg://u:hidden@h/d", "database.url",
     "\"postgresql+asyncpg://u:********@h/d\""},
    {"DATABASE_URL", "sqlite:///./gateway.db", "database.url", "\"sqlite:///./gateway.db\""},
    {"USE_REDIS", "True", "redis.enabled", "true"},
    {"REDIS_URL", "redis://:hidden@box:6379/1", "redis.url", "\"redis://:********@box:6379/1\""},
    {"TRUSTED_PROXIES", "10.0.0.0/8,::1", "auth.trusted_proxies", "[\"10.0.0.0/8\", \"::1\"]"},
    {"CORS_ORIGINS", "[\"http://a\", \"http://b:1\"]", "server.cors_origins",
     "[\"http://a\", \"http://b:1\"]"},
    {"ALLOW_ORIGINS", "http://a,http://b", "server.cors_origins", "[\"http://a\", \"http://b\"]"},
    {"ALLOW_ORIGINS", "*", "server.cors_origins", "[\"*\"]"},
    {"GEMMA_SECURITY_ALLOWED_ORIGINS", "*", "server.cors_origins", "[\"*\"]"},
    {"GEMMA_SECURITY_ALLOWED_ORIGINS", "[\"*\", \"http://a\"]", "server.cors_origins", "[\"*\"]"},
    {"CONNECT_TIMEOUT_SECONDS", "1", "upstream.connect_timeout_seconds", "1"},
    {"READ_TIMEOUT_SECONDS", "2.5", "upstream.read_timeout_seconds", "2.5"},
    {"WRITE_TIMEOUT_SECONDS", "3", "upstream.write_timeout_seconds", "3"},
    {"TOTAL_TIMEOUT_SECONDS", "4", "upstream.total_timeout_seconds", "4"},
    {"PROMETHEUS_ENABLE", "false", "metrics.enabled", "false"},
    {"METRICS_PUBLIC", "True", "metrics.public", "true"},
    {"SSE_HEARTBEAT_SECONDS", "0", "server.heartbeat_seconds", "0"},
    {"GEMMA_LOG_LEVEL", "WARNING", "log.level", "\"warning\""},
    {"LOG_LEVEL", "critical", "log.level", "\"error\""},
    {"WS_QUEUE_LIMIT", "3", "server.websocket_queue_limit", "3"},
    {"DRAIN_SECONDS", "5", "server.drain_seconds", "5"},
    {"GEMMA_CACHE_ENABLED", "true", "cache.enabled", "true"},
    {"CACHE_ENABLED", "1", "cache.enabled", "true"},
    {"CACHE_TTL_SECONDS", "600", "cache.lifetime_seconds", "600"},
    {"GEMMA_CACHE_TTL", "3600", "cache.lifetime_seconds", "3600"},
    {"DEFAULT_MODEL_KEY", "LOCAL", "model.default_route", "\"local\""},
    {"OLLAMA_BASE_URL", "http://box:11434/", "routes.ollama.url", "\"http://box:11434\""},
    {"OLLAMA_BASE_URL", "http://box:11434/v1", "routes.ollama.url", "\"http://box:11434\""},
    {"OLLAMA_BASE_URL", "http://box:11434", "routes.ollama.kind", "\"ollama\""},
    {"VLLM_BASE_URL", "http://box:8000/v1", "routes.vllm.url", "\"http://box:8000/v1\""},
    {"VLLM_BASE_URL", "http://box:8000", "routes.vllm.url", "\"http://box:8000/v1\""},
    {"OPENROUTER_SECRET", "hidden", "routes.openrouter.api_key", "********"},
    {"OPENROUTER_SECRET", "hidden", "routes.openrouter.url", "\"https://openrouter.ai/api/v1\""},
    {"MODEL_ROUTE_Fast_1", "http://box/v1", "routes.fast_1.url", "\"http://box/v1\""},
    {"GATEHOUSE_MODEL_FALLBACK", "big, spare:b", "model.fallback", "[\"big\", \"spare:b\"]"},
    {"GATEHOUSE_MODEL_FALLBACK", R"({"small":["big"]})", "model.fallback", "{ \"small\" = [\"big\"] }"},
    {"GATEHOUSE_ROUTING_ATTEMPTS", "5", "routing.attempts", "5"},
    {"GATEHOUSE_ROUTING_PROBE_SECONDS", "0.5", "routing.probe_seconds", "0.5"},
    {"GATEHOUSE_ROUTES_BOX_PATH", "/m/a.gguf", "routes.box.kind", "\"local\""},
};

} // namespace

class VariablesSourceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aliases_data();
    void aliases();
    void everyAliasIsTested();
    void everyOwnNameWorks();
    void fieldsOfRoutes_data();
    void fieldsOfRoutes();
    void unusedNamesAreTold_data();
    void unusedNamesAreTold();
    void foreignNamesAreIgnored();
    void unknownOwnNames_data();
    void unknownOwnNames();
    void rankInsideOneSource();
    void contradictionsAreMistakes_data();
    void contradictionsAreMistakes();
    void emptyIsNotSet();
    void lastOfOneNameCounts();
    void badValues_data();
    void badValues();
    void interpolationIsTold();
};

void VariablesSourceTest::aliases_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("effectiveText");
    for (const AliasCase &alias : aliasCases)
        QTest::addRow("%s=%s", alias.name, alias.value)
            << QString::fromLatin1(alias.name) << QString::fromLatin1(alias.value)
            << QString::fromLatin1(alias.key) << QString::fromLatin1(alias.effectiveText);
}

void VariablesSourceTest::aliases()
{
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, key);
    QFETCH(QString, effectiveText);
    for (const bool fromFile : {false, true}) {
        ConfigFixture fixture;
        if (fromFile)
            fixture.writeDotEnv(name.toUtf8() + "='" + value.toUtf8() + "'\n");
        else
            fixture.sources.environment.insert(name, value);
        const LoadedSettings loaded = fixture.load();
        QCOMPARE(joined(loaded.mistakes), QString());
        const QString shown = effective(loaded, key);
        QCOMPARE(shown.section(QStringLiteral(" @ "), 0, 0), effectiveText);
        const bool isImplied = shown.contains(QStringLiteral("implied"));
        QVERIFY2(isImplied || shown.endsWith(QStringLiteral(" (%1)").arg(name)), qPrintable(shown));
    }
}

void VariablesSourceTest::everyAliasIsTested()
{
    QSet<QByteArray> tested;
    for (const AliasCase &alias : aliasCases)
        tested.insert(alias.name);
    for (const auto &spec : settingTable()) {
        for (const EnvironmentAlias &alias : spec.aliases)
            QVERIFY2(tested.contains(alias.name), alias.name);
    }
    for (const RouteVariable &variable : routeVariables())
        QVERIFY2(tested.contains(variable.name), variable.name);
}

void VariablesSourceTest::everyOwnNameWorks()
{
    const Settings defaults;
    for (const auto &spec : settingTable()) {
        const SettingValue value = spec.binding.read(defaults);
        QString text = tomlText(value);
        if (const auto *string = std::get_if<QString>(&value))
            text = *string;
        if (text.isEmpty())
            continue;
        ConfigFixture fixture;
        fixture.sources.environment.insert(variableFor(spec.keyText()), text);
        const LoadedSettings loaded = fixture.load();
        QCOMPARE(joined(loaded.mistakes), QString());
        QVERIFY2(effective(loaded, spec.keyText()).endsWith(variableFor(spec.keyText()) + QChar(u')')),
                 spec.key);
    }
}

void VariablesSourceTest::fieldsOfRoutes_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("effectiveText");
    const auto row = [](const char *field, const char *value, const char *shown) {
        QTest::addRow("%s=%s", field, value)
            << QString::fromLatin1(field) << QString::fromLatin1(value) << QString::fromLatin1(shown);
    };
    row("pool", "GPUs", "\"gpus\"");
    row("weight", "2", "2");
    row("max_concurrent", "4", "4");
    row("queue_limit", "0", "0");
    row("timeouts.queue_seconds", "1.5", "1.5");
    row("headers", R"({"X-Title":"hidden","Authorization":"Api-Key hidden"})",
        "{ \"Authorization\" = ********, \"X-Title\" = ******** }");
    row("models", "small=qwen3:0.6b, big", "{ \"small\" = \"qwen3:0.6b\", \"big\" = \"big\" }");
    row("models", R"({"small":"qwen3:0.6b"})", "{ \"small\" = \"qwen3:0.6b\" }");
    row("models", "a,b", "[\"a\", \"b\"]");
}

void VariablesSourceTest::fieldsOfRoutes()
{
    QFETCH(QString, field);
    QFETCH(QString, value);
    QFETCH(QString, effectiveText);
    const QString name = variableFor(QStringLiteral("routes.my_box.") + field);
    for (const bool fromFile : {false, true}) {
        ConfigFixture fixture;
        fixture.setVariable("MODEL_ROUTE_MY_BOX", "http://box/v1");
        if (fromFile)
            fixture.writeDotEnv(name.toUtf8() + "='" + value.toUtf8() + "'\n");
        else
            fixture.sources.environment.insert(name, value);
        const LoadedSettings loaded = fixture.load();
        QCOMPARE(joined(loaded.mistakes), QString());
        const QString shown = effective(loaded, QStringLiteral("routes.my_box.") + field);
        QCOMPARE(shown.section(QStringLiteral(" @ "), 0, 0), effectiveText);
        QVERIFY2(shown.endsWith(QStringLiteral(" (%1)").arg(name)), qPrintable(shown));
    }
}

void VariablesSourceTest::unusedNamesAreTold_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"GEMMA_PERFORMANCE_PRECISION"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void VariablesSourceTest::unusedNamesAreTold()
{
    QFETCH(QString, name);
    ConfigFixture fixture;
    fixture.writeDotEnv("\n" + name.toUtf8() + "=hidden\n");
    const LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings);
    const QString told = joined(loaded.warnings);
    const QString start = QStringLiteral("%1:2: %2: not used by this version (")
                              .arg(fixture.path(QStringLiteral("work/.env")), name);
    QVERIFY2(told.startsWith(start), qPrintable(told));
    QVERIFY(!told.contains(QStringLiteral("hidden")));
}

void VariablesSourceTest::foreignNamesAreIgnored()
{
    ConfigFixture fixture;
    for (const char *name :
         {"HOST", "SERVER_PORT", "GEMMA_SERVER_RELOAD", "gatehouse_server_port", "MODEL_ROUTE_", "PATH"})
        fixture.setVariable(name, "?");
    const LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings);
    QCOMPARE(joined(loaded.warnings), QString());
}

void VariablesSourceTest::unknownOwnNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("text");
    QTest::newRow("near") << QStringLiteral("GATEHOUSE_SERVER_PROT")
                          << QStringLiteral("there is no such setting; did you mean GATEHOUSE_SERVER_PORT?");
    QTest::newRow("far") << QStringLiteral("GATEHOUSE_ABCDEFGHIJKLMNOPQRST")
                         << QStringLiteral("there is no such setting");
    QTest::newRow("route field") << QStringLiteral("GATEHOUSE_ROUTES_BOX_SIZE")
                                 << QStringLiteral("there is no such setting");
    QTest::newRow("route key") << QStringLiteral("MODEL_ROUTE_A/B")
                               << QStringLiteral("a route's key is made of letters, digits, _, - and .");
}

void VariablesSourceTest::unknownOwnNames()
{
    QFETCH(QString, name);
    QFETCH(QString, text);
    ConfigFixture fixture;
    fixture.sources.environment.insert(name, QStringLiteral("http://a/v1"));
    const LoadedSettings loaded = fixture.load();
    QVERIFY(!loaded.settings);
    QCOMPARE(joined(loaded.mistakes), QStringLiteral("environment: %1: %2").arg(name, text));
}

void VariablesSourceTest::rankInsideOneSource()
{
    ConfigFixture fixture;
    fixture.setVariable("PORT", "1");
    fixture.setVariable("GEMMA_SERVER_PORT", "2");
    fixture.setVariable("API_PORT", "3");
    LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings->server.port, 3);
    QCOMPARE(joined(loaded.warnings),
             QStringLiteral("environment: GEMMA_SERVER_PORT: has no effect, since API_PORT is set\n"
                            "environment: PORT: has no effect, since API_PORT is set"));
    fixture.setVariable("GATEHOUSE_SERVER_PORT", "4");
    QCOMPARE(fixture.load().settings->server.port, 4);
}

void VariablesSourceTest::contradictionsAreMistakes_data()
{
    QTest::addColumn<QByteArrayList>("lines");
    QTest::addColumn<bool>("isMistake");
    QTest::newRow("required and optional")
        << QByteArrayList{"AUTH_REQUIRED=true", "API_KEY_OPTIONAL=true"} << true;
    QTest::newRow("two requireds") << QByteArrayList{"AUTH_REQUIRED=0", "GEMMA_SECURITY_API_KEY_REQUIRED=1"}
                                   << true;
    QTest::newRow("agreeing") << QByteArrayList{"AUTH_REQUIRED=true", "API_KEY_OPTIONAL=false"} << false;
    QTest::newRow("own name decides")
        << QByteArrayList{"GATEHOUSE_AUTH_MODE=local", "AUTH_REQUIRED=true"} << false;
    QTest::newRow("route twice") << QByteArrayList{"MODEL_ROUTE_A=http://x/v1", "MODEL_ROUTE_a=http://y/v1"}
                                 << true;
    QTest::newRow("route twice, same")
        << QByteArrayList{"MODEL_ROUTE_A=http://x/v1", "MODEL_ROUTE_a=http://x/v1"} << false;
    QTest::newRow("implied yields") << QByteArrayList{"GATEHOUSE_ROUTES_OPENROUTER_URL=http://x/v1",
                                                      "OPENROUTER_SECRET=k"}
                                    << false;
}

void VariablesSourceTest::contradictionsAreMistakes()
{
    QFETCH(QByteArrayList, lines);
    QFETCH(bool, isMistake);
    ConfigFixture fixture;
    fixture.writeDotEnv(lines.join('\n'));
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(joined(loaded.mistakes).contains(QStringLiteral("contradicts")), isMistake);
    QCOMPARE(loaded.settings == nullptr, isMistake);
    if (lines.last().startsWith("OPENROUTER"))
        QCOMPARE(loaded.settings->routes.first().url, QUrl(QStringLiteral("http://x/v1")));
    if (lines.first().startsWith("GATEHOUSE_AUTH"))
        QCOMPARE(loaded.settings->auth.mode, AuthMode::Local);
}

void VariablesSourceTest::emptyIsNotSet()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("API_KEY=stays\nPORT=\nDATABASE_URL=\"\"\n");
    fixture.setVariable("API_KEY", "");
    fixture.setVariable("MODEL_ROUTE_A", "");
    const LoadedSettings loaded = fixture.load();
    QVERIFY(loaded.settings);
    QCOMPARE(loaded.settings->auth.apiKey.reveal(), QByteArray("stays"));
    QCOMPARE(loaded.settings->server.port, 8000);
    QCOMPARE(joined(loaded.warnings), QString());
}

void VariablesSourceTest::lastOfOneNameCounts()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("PORT=1\nPORT=2\n");
    QCOMPARE(fixture.load().settings->server.port, 2);
    fixture.writeDotEnv("PORT=1\nPORT=\n");
    QCOMPARE(fixture.load().settings->server.port, 8000);
}

void VariablesSourceTest::badValues_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *name, const char *value, const char *text) {
        QTest::addRow("%s", name) << QString::fromLatin1(name) << QString::fromLatin1(value)
                                  << QString::fromLatin1(text);
    };
    row("PORT", "80a", "expects a whole number from 0 to 65535, not \"80a\"");
    row("AUTH_REQUIRED", "maybe", "expects true or false, not \"maybe\"");
    row("GEMMA_PERFORMANCE_DEVICE", "tpu", "expects auto, cpu, cuda, gpu or mps, not \"tpu\"");
    row("GEMMA_MODEL_TEMPERATURE", "3", "expects a number from 0 to 2, not \"3\"");
    row("LOG_LEVEL", "loud", "expects one of debug, info, warning, error, not \"loud\"");
    row("READ_TIMEOUT_SECONDS", "-1", "expects a number of seconds from 0.001 to 86400, not \"-1\"");
    row("METRICS_PUBLIC", "si", "expects true or false, not \"si\"");
    row("GEMMA_SERVER_HOST", "a b", "expects an address or a host name, not \"a b\"");
    row("TRUSTED_PROXIES", "10/8/8", "expects a list of addresses or networks (10.0.0.0/8), not \"10/8/8\"");
    row("CORS_ORIGINS", "[1]", "expects a list of origins (scheme://host:port), or \"*\", not \"[1]\"");
    row("API_KEY", "two words", "expects visible ASCII characters without a space");
    row("MODEL_ROUTE_A", "box",
        "expects an http or https URL without credentials, query or fragment, not \"box\"");
    row("VLLM_BASE_URL", "http://u:p@box",
        "expects an http or https URL without credentials, query or fragment");
    row("OLLAMA_BASE_URL", "http://box?k=v",
        "expects an http or https URL without credentials, query or fragment");
}

void VariablesSourceTest::badValues()
{
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, text);
    ConfigFixture fixture;
    fixture.sources.environment.insert(name, value);
    const LoadedSettings loaded = fixture.load();
    QVERIFY(!loaded.settings);
    QCOMPARE(joined(loaded.mistakes), QStringLiteral("environment: %1: %2").arg(name, text));
}

void VariablesSourceTest::interpolationIsTold()
{
    ConfigFixture fixture;
    fixture.writeDotEnv("DEFAULT_MODEL=${NAME}\nFOREIGN=${NAME}\nMODEL_ROUTE_A=http://a/v1\n");
    const LoadedSettings loaded = fixture.load();
    QCOMPARE(loaded.settings->model.defaultModel, QStringLiteral("${NAME}"));
    QCOMPARE(loaded.warnings.size(), 1);
    QVERIFY(joined(loaded.warnings)
                .endsWith(QStringLiteral(".env:1: DEFAULT_MODEL: ${…} is taken as it stands")));
}

QTEST_GUILESS_MAIN(VariablesSourceTest)
#include "tst_variables_source.moc"

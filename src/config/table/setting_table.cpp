// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/table/setting_table.h"

#include "config/table/access_settings.h"
#include "config/table/keeping_settings.h"
#include "config/table/table_bindings.h"

namespace gatehouse {

namespace {

using Specs = std::vector<SettingSpec<Settings>>;

constexpr double shortestTimeout = 0.001;
constexpr double longestTimeout = 86'400;
constexpr qint64 kibibyte = 1024;
constexpr qint64 mebibyte = 1024 * kibibyte;

/// PyTorch's names of devices.
std::optional<QString> gpuLayersOfDevice(const QString &text)
{
    const QString device = text.trimmed().toLower().section(QChar(u':'), 0, 0);
    if (device == QLatin1String("cpu"))
        return QStringLiteral("0");
    for (const char *gpu : {"auto", "cuda", "gpu", "mps"}) {
        if (device == QLatin1String(gpu))
            return QStringLiteral("-1");
    }
    return std::nullopt;
}

void addListener(Specs &specs)
{
    specs.push_back({.key = "server.host",
                     .binding = text(at(&Settings::server, &ServerSettings::host), hostText,
                                     ConfigText::tr("an address or a host name")),
                     .aliases = {{"GEMMA_SERVER_HOST"}},
                     .documentation = "Where to listen; \"0.0.0.0\" or \"::\" for all interfaces."});
    specs.push_back({.key = "server.port",
                     .binding = integer(at(&Settings::server, &ServerSettings::port), 0, 65'535),
                     .aliases = {{"API_PORT"}, {"GEMMA_SERVER_PORT"}, {"PORT"}},
                     .documentation = "0 picks a free one."});
    specs.push_back({.key = "server.lanes",
                     .binding = integer(at(&Settings::server, &ServerSettings::lanes), 0, 256),
                     .aliases = {{"GEMMA_SERVER_WORKERS"}},
                     .documentation = "Event loops; 0: one a processor core, at most 4."});
    specs.push_back({.key = "server.tls_certificate",
                     .binding = text(at(&Settings::server, &ServerSettings::tlsCertificateFile), fileText,
                                     ConfigText::tr("a file name")),
                     .documentation = "A PEM file with the certificate and its chain. With tls_key, the port "
                                      "speaks TLS only.",
                     .reload = Reload::Live});
    specs.push_back({.key = "server.tls_key",
                     .binding = text(at(&Settings::server, &ServerSettings::tlsKeyFile), fileText,
                                     ConfigText::tr("a file name")),
                     .documentation = "A PEM file with the certificate's private key.",
                     .reload = Reload::Live});
    specs.push_back(
        {.key = "server.cors_origins",
         .binding = textList(at(&Settings::server, &ServerSettings::corsOrigins), originText,
                             ConfigText::tr("a list of origins (scheme://host:port), or \"*\"")),
         .aliases = {{"CORS_ORIGINS"}, {"ALLOW_ORIGINS"}, {"GEMMA_SECURITY_ALLOWED_ORIGINS"}},
         .documentation = "Web pages that may call: [\"https://app.example\"], or [\"*\"] for all.",
         .reload = Reload::Live});
}

void addLimits(Specs &specs)
{
    specs.push_back({.key = "server.max_connections",
                     .binding = integer(at(&Settings::server, &ServerSettings::maxConnections), 1, 1'000'000),
                     .documentation = "More are answered 503."});
    specs.push_back(
        {.key = "server.max_body_bytes",
         .binding = integer(at(&Settings::server, &ServerSettings::maxBodyBytes), kibibyte, 1024 * mebibyte),
         .documentation = "Longer request bodies are answered 413."});
    specs.push_back(
        {.key = "server.max_head_bytes",
         .binding = integer(at(&Settings::server, &ServerSettings::maxHeadBytes), kibibyte, mebibyte),
         .documentation = "Longer request heads (request line and header fields) are answered 431."});
    specs.push_back(
        {.key = "server.max_target_bytes",
         .binding = integer(at(&Settings::server, &ServerSettings::maxTargetBytes), 256, mebibyte),
         .documentation = "Longer request targets (path and query) are answered 414."});
    specs.push_back({.key = "server.websocket_queue_limit",
                     .binding = integer(at(&Settings::server, &ServerSettings::webSocketQueueLimit), 0, 1000),
                     .aliases = {{"WS_QUEUE_LIMIT"}},
                     .documentation = "Messages that wait on one WebSocket while an answer runs."});
}

void addServerTimeouts(Specs &specs)
{
    const auto bound = [](auto member) {
        return seconds(at(&Settings::server, member), shortestTimeout, longestTimeout);
    };
    specs.push_back({.key = "server.head_timeout_seconds",
                     .binding = bound(&ServerSettings::headTimeout),
                     .documentation = "From the first byte of a request to the end of its head; then 408."});
    specs.push_back({.key = "server.body_timeout_seconds",
                     .binding = bound(&ServerSettings::bodyTimeout),
                     .documentation = "The longest silence inside a request body; then 408."});
    specs.push_back({.key = "server.idle_timeout_seconds",
                     .binding = bound(&ServerSettings::idleTimeout),
                     .documentation = "The longest silence between two requests of one connection."});
    specs.push_back({.key = "server.write_timeout_seconds",
                     .binding = bound(&ServerSettings::writeTimeout),
                     .documentation = "How long a client may take nothing of its answer."});
    specs.push_back({.key = "server.heartbeat_seconds",
                     .binding = seconds(at(&Settings::server, &ServerSettings::heartbeat), 0, longestTimeout),
                     .aliases = {{"SSE_HEARTBEAT_SECONDS"}},
                     .documentation = "A stream silent for so long gets a comment; 0: never.",
                     .reload = Reload::Live});
    specs.push_back(
        {.key = "server.drain_seconds",
         .binding = seconds(at(&Settings::server, &ServerSettings::drainTimeout), 0, longestTimeout),
         .aliases = {{"DRAIN_SECONDS"}},
         .documentation = "How long running answers may take after SIGTERM."});
}

void addModel(Specs &specs)
{
    specs.push_back(
        {.key = "model.default",
         .binding = text(at(&Settings::model, &ModelSettings::defaultModel), optionalModelText,
                         ConfigText::tr("a model's name")),
         .aliases = {{"DEFAULT_MODEL"}, {"DEFAULT_MODEL_NAME"}, {"GEMMA_MODEL_NAME"}},
         .documentation = "Answers requests that name no model; empty: the default route's first one.",
         .reload = Reload::Live});
    specs.push_back({.key = "model.default_route",
                     .binding = text(at(&Settings::model, &ModelSettings::defaultRouteKey),
                                     optionalRouteKeyText, ConfigText::tr("a route's key or a pool's name")),
                     .aliases = {{"DEFAULT_MODEL_KEY"}},
                     .documentation = "The key of a route, or a pool's name; empty: the first route.",
                     .reload = Reload::Live});
    specs.push_back({.key = "model.allowed",
                     .binding = textList(at(&Settings::model, &ModelSettings::allowedModels), modelText,
                                         ConfigText::tr("a list of models' names")),
                     .aliases = {{"ALLOWED_MODELS"}},
                     .documentation = "The only models that may be asked for; empty: all.",
                     .reload = Reload::Live});
    specs.push_back({.key = "model.fallback",
                     .binding = modelFallbacks(),
                     .documentation =
                         "What answers in a model's place where no route can, or where the conversation is "
                         "too long for it: a list\nfor every model, [\"big\", \"openrouter:qwen/qwen3-8b\"] "
                         "(a model, or route:model), or lists by\nmodel, { \"small\" = [\"big\"], "
                         "\"*\" = [\"spare\"] }, where * is all others. In a variable: big,spare or JSON.",
                     .reload = Reload::Live});
    specs.push_back({.key = "model.context_length",
                     .binding = integer(at(&Settings::model, &ModelSettings::contextLength), 0, 1 << 20),
                     .aliases = {{"GEMMA_MODEL_MAX_LENGTH"}},
                     .documentation =
                         "Local models: tokens of prompt and answer together; 0: the model's own, "
                         "at most 8192."});
    specs.push_back({.key = "model.temperature",
                     .binding = optionalNumber(at(&Settings::model, &ModelSettings::temperature), 0, 2),
                     .aliases = {{"GEMMA_MODEL_TEMPERATURE"}},
                     .documentation = "For requests that name none.",
                     .reload = Reload::Live,
                     .example = "0.7"});
    specs.push_back({.key = "model.threads",
                     .binding = integer(at(&Settings::model, &ModelSettings::threads), 0, 1024),
                     .documentation = "Local models: processor threads; 0: chosen for this machine."});
    specs.push_back(
        {.key = "model.gpu_layers",
         .binding = integer(at(&Settings::model, &ModelSettings::gpuLayers), -1, 100'000),
         .aliases = {{"GEMMA_PERFORMANCE_DEVICE", gpuLayersOfDevice, "auto, cpu, cuda, gpu or mps"}},
         .documentation = "Local models: layers on the GPU; -1: all that fit; 0: none."});
    specs.push_back({.key = "model.queue_limit",
                     .binding = integer(at(&Settings::model, &ModelSettings::queueLimit), 1, 100'000),
                     .documentation = "Requests that wait for a local model; more are answered 503."});
}

void addUpstream(Specs &specs)
{
    const auto bound = [](auto member) {
        return seconds(at(&Settings::upstream, member), shortestTimeout, longestTimeout);
    };
    specs.push_back({.key = "upstream.connect_timeout_seconds",
                     .binding = bound(&UpstreamTimeouts::connect),
                     .aliases = {{"CONNECT_TIMEOUT_SECONDS"}},
                     .documentation = "For routes that name no timeout of their own: to reach the upstream.",
                     .reload = Reload::Live});
    specs.push_back({.key = "upstream.read_timeout_seconds",
                     .binding = bound(&UpstreamTimeouts::read),
                     .aliases = {{"READ_TIMEOUT_SECONDS"}},
                     .documentation = "The longest silence of an upstream.",
                     .reload = Reload::Live});
    specs.push_back({.key = "upstream.write_timeout_seconds",
                     .binding = bound(&UpstreamTimeouts::write),
                     .aliases = {{"WRITE_TIMEOUT_SECONDS"}},
                     .documentation = "The longest time that an upstream takes nothing of a request.",
                     .reload = Reload::Live});
    specs.push_back({.key = "upstream.total_timeout_seconds",
                     .binding = bound(&UpstreamTimeouts::total),
                     .aliases = {{"TOTAL_TIMEOUT_SECONDS"}},
                     .documentation = "For a whole answer, or the first byte of a stream. Once written down, "
                                      "it bounds the whole of a stream, too.",
                     .reload = Reload::Live});
}

void addRouting(Specs &specs)
{
    specs.push_back({.key = "routing.attempts",
                     .binding = integer(at(&Settings::routing, &RoutingSettings::attempts), 1, 10),
                     .documentation =
                         "Upstreams at which one request may break (5xx, silence, no answer), one "
                         "after the other, before its caller is told.",
                     .reload = Reload::Live});
    specs.push_back({.key = "routing.probe_seconds",
                     .binding = seconds(at(&Settings::routing, &RoutingSettings::probeInterval), 0, 3600),
                     .documentation = "How often a pool's routes are asked whether they are well; 0: never.",
                     .reload = Reload::Live});
}

void addLogAndMetrics(Specs &specs)
{
    const std::vector<Word<LogLevel>> levels = {
        {"debug", LogLevel::Debug},           {"info", LogLevel::Info},
        {"warning", LogLevel::Warning},       {"error", LogLevel::Error},
        {"trace", LogLevel::Debug, false},    {"notset", LogLevel::Debug, false},
        {"notice", LogLevel::Info, false},    {"warn", LogLevel::Warning, false},
        {"critical", LogLevel::Error, false}, {"fatal", LogLevel::Error, false}};
    const std::vector<Word<LogStyle>> formats = {
        {"auto", LogStyle::Auto}, {"json", LogStyle::Json}, {"text", LogStyle::Text}};
    specs.push_back({.key = "log.level",
                     .binding = choice(at(&Settings::log, &LogSettings::level), levels),
                     .aliases = {{"LOG_LEVEL"}, {"GEMMA_LOG_LEVEL"}},
                     .documentation = "\"debug\", \"info\", \"warning\" or \"error\".",
                     .reload = Reload::Live});
    specs.push_back(
        {.key = "log.format",
         .binding = choice(at(&Settings::log, &LogSettings::format), formats),
         .documentation = "\"json\", \"text\", or \"auto\": text on a terminal, else JSON lines."});
    specs.push_back({.key = "metrics.enabled",
                     .binding = boolean(at(&Settings::metrics, &MetricsSettings::enabled)),
                     .aliases = {{"PROMETHEUS_ENABLE"}},
                     .documentation = "Whether there is a /metrics."});
    specs.push_back({.key = "metrics.public",
                     .binding = boolean(at(&Settings::metrics, &MetricsSettings::isPublic)),
                     .aliases = {{"METRICS_PUBLIC"}},
                     .documentation = "Whether /metrics needs no key."});
}

} // namespace

const std::vector<SettingSpec<Settings>> &settingTable()
{
    static const Specs table = [] {
        Specs specs;
        specs.push_back({.key = "data_dir",
                         .binding = text(at(&Settings::dataDir), fileText, ConfigText::tr("a folder")),
                         .documentation = "Where Gatehouse keeps what it must remember. Default: "
                                          "$STATE_DIRECTORY as a service, else $XDG_DATA_HOME/gatehouse.",
                         .example = "\"/var/lib/gatehouse\""});
        addListener(specs);
        addLimits(specs);
        addServerTimeouts(specs);
        addAccess(specs);
        addModel(specs);
        addUpstream(specs);
        addRouting(specs);
        addKeeping(specs);
        addLogAndMetrics(specs);
        return specs;
    }();
    return table;
}

} // namespace gatehouse

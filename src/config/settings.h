// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "base/secret.h"

#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>

#include <chrono>
#include <memory>
#include <optional>

namespace gatehouse {

/// Where and how the server listens, and what it puts up with (contract §7).
struct ServerSettings
{
    QString host =
        QStringLiteral("127.0.0.1"); ///< An address or host name; `0.0.0.0` or `::` for all interfaces.
    quint16 port = 8000;             ///< 0: any free one.
    int lanes = 0;                   ///< Event loops; 0: the number of cores, at most 4.
    int maxConnections = 4096;
    qint64 maxBodyBytes = 16 * 1024 * 1024;
    qint64 maxHeadBytes = 64 * 1024;                ///< Request line and header block.
    qint64 maxTargetBytes = 8 * 1024;               ///< The request target (path and query).
    std::chrono::milliseconds headTimeout{10'000};  ///< First byte of a request to the end of its head.
    std::chrono::milliseconds bodyTimeout{30'000};  ///< Longest silence inside a body.
    std::chrono::milliseconds idleTimeout{75'000};  ///< Longest silence between two requests.
    std::chrono::milliseconds writeTimeout{30'000}; ///< Longest time that a reader takes nothing.
    std::chrono::milliseconds heartbeat{15'000};    ///< Longest silence in a stream of events; 0: never beat.
    std::chrono::milliseconds drainTimeout{30'000}; ///< SIGTERM to the end of running answers.
    int webSocketQueueLimit = 8; ///< Messages waiting on one WebSocket while an answer runs.
    QString tlsCertificateFile;  ///< PEM chain; TLS is on when both files are set.
    QString tlsKeyFile;          ///< PEM.
    QStringList corsOrigins;     ///< Exact origins, or the one entry `*`.
};

/// Bounds of one upstream exchange (contract §5).
struct UpstreamTimeouts
{
    std::chrono::milliseconds connect{5'000};
    /// From the end of the request to the first byte of a stream; 0: bounded by `total` alone.
    std::chrono::milliseconds firstByte{0};
    std::chrono::milliseconds read{60'000};  ///< Longest silence of the upstream.
    std::chrono::milliseconds write{30'000}; ///< Longest time that the upstream takes nothing of the request.
    std::chrono::milliseconds total{120'000};
    bool totalBoundsStreams =
        false; ///< Whether `total` was written down and so bounds a running stream, too.
    friend bool operator==(const UpstreamTimeouts &, const UpstreamTimeouts &) = default;
};

enum class RouteKind { OpenAi, Ollama, Local };

/// A header field for an upstream. The value may be a credential.
struct RouteHeader
{
    QByteArray name;
    Secret value;
    friend bool operator==(const RouteHeader &, const RouteHeader &) = default;
};

/// One upstream, or a model in the process.
struct RouteSettings
{
    QString key; ///< Unique, lower case.
    RouteKind kind = RouteKind::OpenAi;
    QUrl url;                   ///< OpenAi: up to and with `/v1`; Ollama: the server's root.
    QString path;               ///< Local: a GGUF file; empty: the built-in demo model.
    Secret apiKey;              ///< Sent as a bearer token.
    QList<RouteHeader> headers; ///< Sent with each request besides our own.
    QStringList models;         ///< What it serves, as callers call it; empty: whatever it lists.
    QHash<QString, QString>
        names;             ///< The upstream's own names of those `models` that have another one there.
    QString pool;          ///< Routes of one pool share their load; empty: it stands alone.
    int weight = 1;        ///< Its share of the pool's load, 1 … 1000.
    int maxConcurrent = 0; ///< Requests at a time, further ones wait; 0: no bound.
    int queueLimit = 256;  ///< Requests that wait for it; a pool's routes add up.
    std::chrono::milliseconds queueTimeout{120'000}; ///< The longest wait.
    UpstreamTimeouts timeouts;
    bool isManaged = false; ///< Made by POST /api/routes, not written down by the operator.
    bool isImplied = false; ///< The demo model that is there as long as nobody has written a route down.
    friend bool operator==(const RouteSettings &, const RouteSettings &) = default;
};

/// What happens when a route stumbles.
struct RoutingSettings
{
    /// By a model's name as callers call it, `*` for all that have no list of their own: what answers in its
    /// place, in this order. `model`, or `route:model` where the part before the first colon is a route's or
    /// a pool's key.
    QHash<QString, QStringList> fallbacks;
    int attempts = 3; ///< Upstreams at which one request may break, one after the other.
    std::chrono::milliseconds probeInterval{10'000}; ///< Between probes of a pool's healthy routes; 0: none.
    friend bool operator==(const RoutingSettings &, const RoutingSettings &) = default;
};

/// How local models run.
struct ModelSettings
{
    QString defaultModel;              ///< Empty: the first model of the default route.
    QString defaultRouteKey;           ///< Empty: the first route.
    QStringList allowedModels;         ///< Empty: all.
    int contextLength = 0;             ///< Tokens; 0: the model's own, at most 8192.
    std::optional<double> temperature; ///< For requests that name none.
    int threads = 0;                   ///< 0: chosen by the engine.
    int gpuLayers = -1;                ///< −1: all that fit, where built with a GPU.
    int queueLimit = 64;               ///< Requests waiting for a local model.
    friend bool operator==(const ModelSettings &, const ModelSettings &) = default;
};

enum class AuthMode { Required, Local, Off };

struct AuthSettings
{
    AuthMode mode = AuthMode::Local;
    Secret apiKey;           ///< A static key of role user; empty: none.
    QStringList publicPaths; ///< Further paths that need no credential.
    QStringList trustedProxies{QStringLiteral("127.0.0.0/8"), QStringLiteral("::1")};
    Secret demoAdminKey;  ///< A configured key of role admin; empty: none.
    Secret demoUserKey;   ///< A configured key of role user; empty: none.
    Secret secretKey;     ///< Signs access tokens; empty: one is made and kept in the data directory.
    Secret keyHashSecret; ///< For the hashes of keys; empty: one is made and kept in the data directory.
    std::chrono::seconds tokenLifetime{30 * 60};
};

/// Bounds for one address (IPv6: one /64), and for how long an address that keeps hammering is shut out.
struct LimitSettings
{
    double requestsPerSecond = 10;     ///< Of the token bucket; 0: no bound.
    int burst = 20;                    ///< Size of the token bucket.
    int requestsPerMinute = 0;         ///< Of the sliding window; 0: no bound.
    bool appliesToLoopback = false;    ///< True once any of these was written down.
    int blockAfter = 50;               ///< Refusals in a minute after which the address is blocked; 0: never.
    std::chrono::seconds blockFor{60}; ///< The first block; each further one is twice as long.
    std::chrono::seconds longestBlock{60 * 60}; ///< The longest block.
    int maxAddresses = 100'000;                 ///< How many are remembered; the longest unseen go first.
};

/// Where things are kept (contract §4, room `store`).
struct DatabaseSettings
{
    Secret url; ///< As parseDatabaseUrl() reads it; may hold a password. Empty: SQLite in the data directory.
    int keepRequestsDays = 90;      ///< Age of the request log; 0: for ever.
    qint64 maxRequests = 5'000'000; ///< Length of the request log; 0: no bound.
};

/// Counters shared by several replicas.
struct RedisSettings
{
    bool enabled = false;
    Secret url{"redis://127.0.0.1:6379/0"}; ///< `redis://[user:password@]host:port/db`, or `unix:///path`.
};

/// The response cache (B): answers to the same question, asked again by the same caller.
struct CacheSettings
{
    bool enabled = false;
    std::chrono::seconds lifetime{60 * 60};
    qint64 maxBytes = 64 * 1024 * 1024; ///< Of all answers kept; the longest unused go first.
};

/// Conversations that are kept (contract §3).
struct HistorySettings
{
    int contextTokens = 4096; ///< The window of a model that doesn't tell its own.
    int keepDays = 0;         ///< Sessions unused for so long are deleted; 0: kept for ever.
};

enum class LogStyle { Auto, Json, Text };

struct LogSettings
{
    LogLevel level = LogLevel::Info;
    LogStyle format = LogStyle::Auto; ///< Auto: text on a terminal, else JSON lines.
};

struct MetricsSettings
{
    bool enabled = true;
    bool isPublic = false; ///< /metrics needs no credential.
};

/// Everything that the operator decides, validated, with every default filled in. Immutable once built; a
/// reload makes a new one.
struct Settings
{
    ServerSettings server;
    AuthSettings auth;
    ModelSettings model;
    UpstreamTimeouts upstream;   ///< What routes without timeouts of their own got.
    QList<RouteSettings> routes; ///< In order; never empty after validation where a local engine is built in.
    RoutingSettings routing;
    LogSettings log;
    MetricsSettings metrics;
    LimitSettings limits;
    DatabaseSettings database;
    RedisSettings redis;
    CacheSettings cache;
    HistorySettings history;
    QString dataDir;
};
using SettingsPtr = std::shared_ptr<const Settings>;

} // namespace gatehouse

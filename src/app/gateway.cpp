// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gateway.h"

#include "admission/limits/make_limiter.h"
#include "admission/limits/redis_target.h"
#include "api/lane_api.h"
#include "app/local_models.h"
#include "backends/backend_factory.h"
#include "routing/model_router.h"
#include "routing/route_health.h"
#include "store/key_repository.h"
#include "store/ledger.h"
#include "store/migrations.h"

namespace gatehouse {

namespace {

constexpr std::chrono::seconds monthInterval(30); ///< How old a replica's view of the others' tokens may get.

Result<DatabaseTarget> databaseTarget(const Settings &settings)
{
    return parseDatabaseUrl(QString::fromUtf8(settings.database.url.reveal()), settings.dataDir);
}

StoreOptions storeOptions(const Settings &settings, DatabaseTarget target)
{
    return {.target = std::move(target),
            .dataDir = settings.dataDir,
            .keepRequests = std::chrono::hours(24) * settings.database.keepRequestsDays,
            .maxRequests = settings.database.maxRequests,
            .keepSessions = std::chrono::hours(24) * settings.history.keepDays};
}

ResponseCache::Limits cacheLimits(const Settings &settings)
{
    return {.enabled = settings.cache.enabled,
            .lifetime = settings.cache.lifetime,
            .maxBytes = settings.cache.maxBytes};
}

/// Whether what was answered before may be wrong by now: by another model, or one that is forbidden.
bool answersDiffer(const Settings &before, const Settings &after)
{
    return before.routes != after.routes || before.model != after.model || before.routing != after.routing;
}

std::optional<bool> isUp(const RouteHealth &route)
{
    if (route.state == RouteHealth::State::Unknown)
        return std::nullopt;
    return route.state == RouteHealth::State::Ok;
}

} // namespace

Gateway::Gateway(SettingsPtr settings, Log &log, RouteEditor &editor)
    : m_log(log)
    , m_routeEditor(editor)
    , m_settings(settings)
    , m_metrics([this] { return gauges(); })
    , m_limits(settings->limits, m_clock)
    , m_cache(cacheLimits(*settings), m_clock)
    , m_tokensThisMonth(std::make_shared<const TokensByKey>())
    , m_catalogue(m_clock)
    , m_routes(settings, m_clock)
    , m_localModels(std::make_unique<LocalModels>(*settings, log, m_readiness))
    , m_probeHttp(makeHttpClient())
    , m_prober(m_routes, m_catalogue, backendMaker(*m_probeHttp), m_clock)
    , m_routeWatch(m_routes, m_catalogue, log)
    , m_server(std::make_unique<Server>(settings->server, log, m_clock, [this](int) { return makeLane(); }))
{
    m_readiness.hasRoute = !settings->routes.isEmpty();
    connect(m_server.get(), &Server::drained, this, &Gateway::stopped);
    connect(m_localModels.get(), &LocalModels::ready, this, [this](const QByteArray &routeKey) {
        const RouteSetPtr routes = m_routes.current();
        if (RouteGroup *group = routes->groupOf(routeKey))
            group->probed(routeKey, true);
    });
    connect(&m_monthTimer, &QTimer::timeout, this, &Gateway::askForTokensThisMonth);
}

Gateway::~Gateway() = default;

Result<QUrl> Gateway::start()
{
    if (const auto opened = openStore(); !opened)
        return opened.error();
    const Result<quint16> port = m_server->listen();
    if (!port)
        return port.error();
    // Only now, as a key that is made and never shown would be there for good.
    if (m_firstKeyWanted) {
        if (const auto made = makeFirstKey(); !made)
            return made.error();
    }
    m_localModels->load();
    m_prober.start();
    m_routeWatch.start();

    const SettingsPtr settings = m_settings.get();
    m_url.setScheme(settings->server.tlsCertificateFile.isEmpty() ? QStringLiteral("http")
                                                                  : QStringLiteral("https"));
    m_url.setHost(settings->server.host);
    m_url.setPort(*port);
    m_log.info("listening", {{"url", m_url.toEncoded()}});
    return m_url;
}

Gauges Gateway::gauges() const
{
    const ServerCounters counters = m_server->counters();
    const ResponseCache::Figures cache = m_cache.figures();
    Gauges gauges{
        .activeConnections = counters.activeConnections,
        .acceptedConnections = counters.acceptedConnections,
        .refusedConnections = counters.refusedConnections,
        .lanes = counters.lanes,
        .cache = {.hits = cache.hits, .misses = cache.misses, .answers = cache.answers, .bytes = cache.bytes},
        .isDatabaseUp = m_store->isHealthy(),
        .hasLedgerRoom = m_store->hasRoom()};
    const RouteSetPtr routes = m_routes.current();
    for (const RouteHealth &route : routeHealth(*routes, *m_catalogue.entries()))
        gauges.routes.append({.key = route.key,
                              .isUp = isUp(route),
                              .outstanding = route.outstanding,
                              .isLeftAlone = route.circuit != CircuitBreaker::State::Closed});
    for (const auto &group : routes->groups) { // The routes of a pool share theirs.
        const bool isKnown = std::ranges::any_of(
            gauges.waitingRooms, [&group](const auto &room) { return room.group == group->name(); });
        if (!isKnown)
            gauges.waitingRooms.append({.group = group->name(), .waiting = group->waiting()});
    }
    for (const LocalModels::Waiting &local : m_localModels->waiting()) {
        const RouteGroup *group = routes->groupOf(local.routeKey);
        gauges.queues.append(
            {.model = local.model, .waiting = local.requests + (group ? group->waiting() : 0)});
    }
    return gauges;
}

// Waits, as nobody is served yet.
Result<void> Gateway::openStore()
{
    const SettingsPtr settings = m_settings.get();
    if (const auto redis = parseRedisUrl(settings->redis.url); settings->redis.enabled && !redis)
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("redis.url: ") + redis.error().message};
    const Result<AccessSecrets> secrets = loadAccessSecrets(*settings);
    if (!secrets)
        return secrets.error();
    const auto target = databaseTarget(*settings);
    if (!target)
        return target.error();
    m_store = std::make_unique<Store>(storeOptions(*settings, *target), m_log, m_clock);
    if (const auto opened = m_store->open(); !opened)
        return opened;
    const auto database = Database::open(*target);
    return database ? readStore(**database, *secrets) : database.error();
}

Result<void> Gateway::readStore(Database &database, const AccessSecrets &secrets)
{
    const SettingsPtr settings = m_settings.get();
    m_access = std::make_unique<AccessControl>(settings->auth, secrets, *m_store, m_clock);
    m_journal = std::make_unique<RequestJournal>(m_log, m_metrics, *m_store);
    if (const auto checked = checkKeyHashSecret(database, m_access->hasher()); !checked)
        return checked;
    const Result<AccessRows> rows = readAccessRows(database);
    if (!rows)
        return rows.error();
    m_access->take(*rows);
    if (settings->auth.mode == AuthMode::Required && !m_access->gate()->keys().hasKeys())
        m_log.warning("nobody has a key", {{"hint", "gatehouse key add --admin --name NAME"}});
    const auto tokens = Ledger(database).tokensInMonth(m_clock.wallNow());
    if (!tokens)
        return tokens.error();
    m_tokensThisMonth.swap(std::make_shared<const TokensByKey>(*tokens));
    m_monthTimer.start(monthInterval);
    return {};
}

// Somebody has to be able to make the other keys.
Result<void> Gateway::makeFirstKey()
{
    const SettingsPtr settings = m_settings.get();
    const auto target = databaseTarget(*settings);
    const auto database = target ? Database::open(*target) : target.error();
    if (!database)
        return database.error();
    const Result<QList<KeyRecord>> existing = KeyRepository(**database).all();
    if (!existing)
        return existing.error();
    const auto now = m_clock.wallNow();
    const bool hasAdmin = std::any_of(existing->begin(), existing->end(), [now](const KeyRecord &key) {
        return key.role == CallerRole::Admin && key.holds(now);
    });
    if (hasAdmin)
        return {};
    const Secret secret = makeApiKey();
    const auto added = KeyRepository(**database)
                           .add({.id = makeUuid(),
                                 .name = tr("First admin key"),
                                 .role = CallerRole::Admin,
                                 .hash = m_access->hasher().hash(secret.reveal()),
                                 .createdAt = m_clock.wallNow()});
    const Result<AccessRows> rows = added ? readAccessRows(**database) : added.error();
    if (!rows)
        return rows.error();
    m_access->take(*rows);
    m_firstKey = secret;
    return {};
}

void Gateway::askForTokensThisMonth()
{
    const auto ask = [now = m_clock.wallNow()](Database &database) {
        return Ledger(database).tokensInMonth(now);
    };
    m_store->read<TokensByKey>(this, ask, [this](const Result<TokensByKey> &tokens) {
        if (tokens)
            m_tokensThisMonth.swap(std::make_shared<const TokensByKey>(*tokens));
    });
}

void Gateway::reload(SettingsPtr settings)
{
    m_access->reload(settings->auth);
    m_limits.apply(settings->limits);
    m_cache.apply(cacheLimits(*settings));
    const bool hasTls = !settings->server.tlsCertificateFile.isEmpty();
    if (const auto tls = hasTls ? m_server->reloadTls(settings->server) : Result<void>(); !tls)
        m_log.error("certificate not reloaded", {{"reason", tls.error().message.toUtf8()}});
    const SettingsPtr before = m_settings.get();
    m_localModels->apply(*settings);
    m_settings.swap(settings);
    m_readiness.hasRoute = !settings->routes.isEmpty();
    m_routes.apply(settings);
    if (answersDiffer(*before, *settings))
        m_cache.clear();
}

void Gateway::drain()
{
    m_readiness.draining = true;
    m_server->drain();
}

BackendMaker Gateway::backendMaker(HttpClient &http) const
{
    return [this, &http](const RouteSettings &route) {
        return makeBackend(route, http,
                           [this](const RouteSettings &local) { return m_localModels->backend(local); });
    };
}

std::unique_ptr<LaneService> Gateway::makeLane()
{
    const SettingsPtr settings = m_settings.get();
    auto http = makeHttpClient();
    auto models = std::make_unique<ModelRouter>(m_routes, backendMaker(*http), m_catalogue, m_clock);
    return std::make_unique<LaneApi>(SharedServices{.settings = m_settings,
                                                    .access = *m_access,
                                                    .store = *m_store,
                                                    .passwords = m_passwords,
                                                    .logins = m_logins,
                                                    .tokensThisMonth = m_tokensThisMonth,
                                                    .cache = m_cache,
                                                    .localModels = *m_localModels,
                                                    .routes = m_routes,
                                                    .routeEditor = m_routeEditor,
                                                    .readiness = m_readiness,
                                                    .metrics = m_metrics,
                                                    .journal = *m_journal,
                                                    .clock = m_clock},
                                     LaneParts{.http = std::move(http),
                                               .models = std::move(models),
                                               .limiter = makeLimiter(settings->redis, m_limits, m_log)});
}

} // namespace gatehouse

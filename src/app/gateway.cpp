// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gateway.h"

#include "api/lane_api.h"
#include "app/local_models.h"
#include "backends/backend_factory.h"
#include "routing/model_router.h"

namespace gatehouse {

Gateway::Gateway(SettingsPtr settings, Log &log)
    : m_log(log)
    , m_settings(settings)
    , m_gate(std::make_shared<const CredentialGate>(settings->auth))
    , m_metrics([this] {
        const ServerCounters counters = m_server->counters();
        return Gauges{.activeConnections = counters.activeConnections,
                      .acceptedConnections = counters.acceptedConnections,
                      .refusedConnections = counters.refusedConnections};
    })
    , m_journal(log, m_metrics)
    , m_catalogue(m_clock)
    , m_localModels(std::make_unique<LocalModels>(*settings, log, m_readiness))
    , m_server(std::make_unique<Server>(settings->server, log, m_clock, [this](int) { return makeLane(); }))
{
    m_readiness.hasRoute = !settings->routes.isEmpty();
    connect(m_server.get(), &Server::drained, this, &Gateway::stopped);
}

Gateway::~Gateway() = default;

Result<QUrl> Gateway::start()
{
    const Result<quint16> port = m_server->listen();
    if (!port)
        return port.error();
    m_localModels->load();

    const SettingsPtr settings = m_settings.get();
    m_url.setScheme(settings->server.tlsCertificateFile.isEmpty() ? QStringLiteral("http")
                                                                  : QStringLiteral("https"));
    m_url.setHost(settings->server.host);
    m_url.setPort(*port);
    m_log.info("listening", {{"url", m_url.toEncoded()}});
    return m_url;
}

void Gateway::reload(SettingsPtr settings)
{
    m_gate.swap(std::make_shared<const CredentialGate>(settings->auth));
    if (const auto tls = m_server->reloadTls(settings->server); !tls)
        m_log.error("certificate not reloaded", {{"reason", tls.error().message.toUtf8()}});
    m_settings.swap(std::move(settings));
}

void Gateway::drain()
{
    m_readiness.draining = true;
    m_server->drain();
}

std::unique_ptr<LaneService> Gateway::makeLane()
{
    const SettingsPtr settings = m_settings.get();
    auto http = makeHttpClient();
    std::vector<std::unique_ptr<ChatBackend>> backends;
    for (const RouteSettings &route : settings->routes) {
        auto backend =
            makeBackend(route, *http, [this](const RouteSettings &r) { return m_localModels->backend(r); });
        // Settings with a route that this build can't serve never get here: their validation has refused
        // them.
        Q_ASSERT(backend);
        backends.push_back(std::move(*backend));
    }
    auto models = std::make_unique<ModelRouter>(settings, std::move(backends), m_catalogue, m_clock);
    return std::make_unique<LaneApi>(SharedServices{.settings = m_settings,
                                                    .gate = m_gate,
                                                    .readiness = m_readiness,
                                                    .metrics = m_metrics,
                                                    .journal = m_journal,
                                                    .clock = m_clock},
                                     std::move(http), std::move(models));
}

} // namespace gatehouse

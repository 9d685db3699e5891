// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/access_control.h"
#include "admission/limits/memory_limits.h"
#include "admission/password.h"
#include "api/lane_context.h"
#include "api/readiness.h"
#include "api/request_journal.h"
#include "app/route_watch.h"
#include "backends/http_client.h"
#include "base/snapshot.h"
#include "config/settings.h"
#include "exchange/response_cache.h"
#include "http/server.h"
#include "metrics/metrics.h"
#include "routing/catalogue.h"
#include "routing/route_directory.h"
#include "routing/route_prober.h"
#include "store/store.h"

#include <QObject>
#include <QTimer>
#include <QUrl>

namespace gatehouse {

class LocalModels;

/// One whole server: builds every part, owns them, and wires them. Lives in the main thread; several may live
/// in one process.
class Gateway : public QObject
{
    Q_OBJECT
public:
    /// `editor` outlives it.
    Gateway(SettingsPtr settings, Log &log, RouteEditor &editor);
    ~Gateway() override;

    /// Opens the database, listens and begins to load local models. The value is where clients find it.
    /// Called once.
    [[nodiscard]] Result<QUrl> start();
    /// Before start(): an admin key is to be made where there is no key yet. Afterwards takeFirstKey() has
    /// it, once; empty where there was one.
    void wantFirstKey() { m_firstKeyWanted = true; }
    [[nodiscard]] Secret takeFirstKey() { return std::exchange(m_firstKey, {}); }

    [[nodiscard]] QUrl url() const { return m_url; } ///< Once started.

    /// Takes over what can change while requests run: routes, credentials, TLS certificate, log-independent
    /// limits of new requests. What can't is left as it was; `config` names it.
    void reload(SettingsPtr settings);

    /// Takes no new work, lets running answers finish, then emits stopped().
    void drain();

Q_SIGNALS:
    void stopped();

private:
    [[nodiscard]] Result<void> openStore();
    [[nodiscard]] Result<void> readStore(Database &database, const AccessSecrets &secrets);
    [[nodiscard]] std::unique_ptr<LaneService> makeLane();
    [[nodiscard]] BackendMaker backendMaker(HttpClient &http) const;
    [[nodiscard]] Result<void> makeFirstKey();
    void askForTokensThisMonth();
    [[nodiscard]] Gauges gauges() const; ///< Any thread.

    Log &m_log;
    RouteEditor &m_routeEditor;
    QUrl m_url;
    SystemClock m_clock;
    Snapshot<Settings> m_settings;
    Readiness m_readiness;
    Metrics m_metrics;
    std::unique_ptr<Store> m_store; ///< As the next two, set by start().
    std::unique_ptr<AccessControl> m_access;
    std::unique_ptr<RequestJournal> m_journal;
    MemoryLimits m_limits;
    PasswordWorker m_passwords;
    LoginGate m_logins;
    ResponseCache m_cache;
    Snapshot<TokensByKey> m_tokensThisMonth;
    QTimer m_monthTimer;
    bool m_firstKeyWanted = false;
    Secret m_firstKey;
    Catalogue m_catalogue;
    RouteDirectory m_routes;
    std::unique_ptr<LocalModels> m_localModels;
    std::unique_ptr<HttpClient> m_probeHttp;
    RouteProber m_prober;
    RouteWatch m_routeWatch;
    std::unique_ptr<Server> m_server; ///< Last, because its lanes use everything above and must end first.
};

} // namespace gatehouse

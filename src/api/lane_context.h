// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/access_control.h"
#include "admission/limits/limiter.h"
#include "admission/limits/login_gate.h"
#include "admission/password.h"
#include "api/local_model_control.h"
#include "api/readiness.h"
#include "api/route_editor.h"
#include "backends/http_client.h"
#include "base/clock.h"
#include "base/snapshot.h"
#include "config/settings.h"
#include "exchange/response_cache.h"
#include "exchange/ticket.h"
#include "routing/model_router.h"
#include "store/store.h"

#include <QObject>

namespace gatehouse {

class Metrics;

/// What the ledger knows of each key's tokens in the current month.
using TokensByKey = QHash<QByteArray, qint64>;

/// What every lane shares, owned by `app`; each member says itself how it may be used from several threads.
struct SharedServices
{
    const Snapshot<Settings> &settings;
    AccessControl &access;
    Store &store;
    PasswordWorker &passwords;
    LoginGate &logins;
    const Snapshot<TokensByKey> &tokensThisMonth;
    ResponseCache &cache;
    LocalModelControl &localModels;
    const RouteDirectory &routes;
    RouteEditor &routeEditor;
    const Readiness &readiness;
    Metrics &metrics;
    Journal &journal;
    const Clock &clock;
};

/// What one lane has for itself.
struct LaneParts
{
    std::unique_ptr<HttpClient> http; ///< What the models' backends speak through.
    std::unique_ptr<ModelRouter> models;
    std::unique_ptr<Limiter> limiter;
};

/// What the endpoints of one lane work with. Lives in the lane's thread.
class LaneContext : public QObject
{
    Q_OBJECT
public:
    LaneContext(const SharedServices &shared, LaneParts parts)
        : m_shared(shared)
        , m_parts(std::move(parts))
    {
        connect(&m_shared.access, &AccessControl::changed, this, &LaneContext::accessChanged,
                Qt::QueuedConnection);
    }

    [[nodiscard]] SettingsPtr settings() const { return m_shared.settings.get(); }
    [[nodiscard]] AccessControl &access() const { return m_shared.access; }
    [[nodiscard]] std::shared_ptr<const CredentialGate> gate() const { return m_shared.access.gate(); }
    [[nodiscard]] Store &store() const { return m_shared.store; }
    [[nodiscard]] PasswordWorker &passwords() const { return m_shared.passwords; }
    [[nodiscard]] LoginGate &logins() const { return m_shared.logins; }
    [[nodiscard]] ResponseCache &cache() const { return m_shared.cache; }
    [[nodiscard]] LocalModelControl &localModels() const { return m_shared.localModels; }
    [[nodiscard]] const RouteDirectory &routes() const { return m_shared.routes; }
    [[nodiscard]] RouteEditor &routeEditor() const { return m_shared.routeEditor; }
    [[nodiscard]] const Readiness &readiness() const { return m_shared.readiness; }
    [[nodiscard]] Metrics &metrics() const { return m_shared.metrics; }
    [[nodiscard]] Journal &journal() const { return m_shared.journal; }
    [[nodiscard]] const Clock &clock() const { return m_shared.clock; }
    [[nodiscard]] ModelRouter &models() const { return *m_parts.models; }
    [[nodiscard]] Limiter &limiter() const { return *m_parts.limiter; }

    /// What the limits are asked about for a request of this caller.
    [[nodiscard]] LimitSubject limitSubject(const QHostAddress &address, const Caller &caller) const;

Q_SIGNALS:
    /// The lane ends now: answers that still run say so to their callers and let go of this context.
    void closing();

    /// After closing(): whatever still waits for something (a decision, the store) is dropped, because this
    /// context ends.
    void closed();

    /// Keys or users have changed: answers that still run ask whether their caller is still welcome.
    void accessChanged();

private:
    SharedServices m_shared;
    LaneParts m_parts;
};

} // namespace gatehouse

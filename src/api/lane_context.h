// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/credential_gate.h"
#include "api/readiness.h"
#include "backends/http_client.h"
#include "base/clock.h"
#include "base/snapshot.h"
#include "config/settings.h"
#include "exchange/ticket.h"
#include "routing/model_router.h"

#include <QObject>

namespace gatehouse {

class Metrics;

/// What every lane shares, owned by `app`; each member says itself how it may be used from several threads.
struct SharedServices
{
    const Snapshot<Settings> &settings;
    const Snapshot<CredentialGate> &gate;
    const Readiness &readiness;
    Metrics &metrics;
    Journal &journal;
    const Clock &clock;
};

/// What the endpoints of one lane work with. Lives in the lane's thread.
class LaneContext : public QObject
{
    Q_OBJECT
public:
    /// `http` is what the models' backends speak through.
    LaneContext(const SharedServices &shared, std::unique_ptr<HttpClient> http,
                std::unique_ptr<ModelRouter> models)
        : m_shared(shared)
        , m_http(std::move(http))
        , m_models(std::move(models))
    {}

    [[nodiscard]] SettingsPtr settings() const { return m_shared.settings.get(); }
    [[nodiscard]] std::shared_ptr<const CredentialGate> gate() const { return m_shared.gate.get(); }
    [[nodiscard]] const Readiness &readiness() const { return m_shared.readiness; }
    [[nodiscard]] Metrics &metrics() const { return m_shared.metrics; }
    [[nodiscard]] Journal &journal() const { return m_shared.journal; }
    [[nodiscard]] const Clock &clock() const { return m_shared.clock; }
    [[nodiscard]] ModelRouter &models() const { return *m_models; }

Q_SIGNALS:
    /// The lane ends now: answers that still run say so to their callers and let go of this context.
    void closing();

private:
    SharedServices m_shared;
    std::unique_ptr<HttpClient> m_http;
    std::unique_ptr<ModelRouter> m_models;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/credential_gate.h"
#include "api/readiness.h"
#include "api/request_journal.h"
#include "base/snapshot.h"
#include "config/settings.h"
#include "http/server.h"
#include "metrics/metrics.h"
#include "routing/catalogue.h"

#include <QObject>
#include <QUrl>

namespace gatehouse {

class LocalModels;

/// One whole server: builds every part, owns them, and wires them. Lives in the main thread; several may live
/// in one process.
class Gateway : public QObject
{
    Q_OBJECT
public:
    Gateway(SettingsPtr settings, Log &log);
    ~Gateway() override;

    /// Listens and begins to load local models. The value is where clients find it. Called once.
    [[nodiscard]] Result<QUrl> start();
    [[nodiscard]] QUrl url() const { return m_url; } ///< Once started.

    /// Takes over what can change while requests run: credentials, TLS certificate, log-independent limits of
    /// new requests. What can't is left as it was; `config` names it.
    void reload(SettingsPtr settings);

    /// Takes no new work, lets running answers finish, then emits stopped().
    void drain();

Q_SIGNALS:
    void stopped();

private:
    [[nodiscard]] std::unique_ptr<LaneService> makeLane();

    Log &m_log;
    QUrl m_url;
    SystemClock m_clock;
    Snapshot<Settings> m_settings;
    Snapshot<CredentialGate> m_gate;
    Readiness m_readiness;
    Metrics m_metrics;
    RequestJournal m_journal;
    Catalogue m_catalogue;
    std::unique_ptr<LocalModels> m_localModels;
    std::unique_ptr<Server> m_server; ///< Last, because its lanes use everything above and must end first.
};

} // namespace gatehouse

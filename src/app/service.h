// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/config_watch.h"
#include "app/gateway.h"
#include "app/managed_route_editor.h"
#include "app/signal_source.h"
#include "base/log_writer.h"
#include "config/settings_loader.h"

namespace gatehouse {

/// The long-running program around one Gateway: signals, reloads, the ready line and the service manager.
class Service : public QObject
{
    Q_OBJECT
public:
    /// `loaded` holds settings. `sources` are read again at each reload.
    Service(ConfigSources sources, const LoadedSettings &loaded, LogWriter &log);

    /// Listens and says so on standard output. False, and a line in the log, where that fails.
    [[nodiscard]] bool start();

private:
    bool reload(); ///< False: the settings have mistakes, and are left as they were.
    void terminate();

    ConfigSources m_sources;
    SettingsPtr m_settings;
    LogWriter &m_log;
    SignalSource m_signals; ///< Before the gateway, whose threads must not be sent signals.
    ManagedRouteEditor m_routeEditor;
    Gateway m_gateway;
    ConfigWatch m_watch;
    bool m_terminating = false;
};

} // namespace gatehouse

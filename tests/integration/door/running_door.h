// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "integration/door/door_service.h"

#include <QThread>

#include <memory>

namespace gatehouse {

/// A Server that runs in a thread of its own, so that a test may block on its sockets.
class RunningDoor
{
public:
    explicit RunningDoor(const ServerSettings &settings = defaults(), ServerTuning tuning = {});
    ~RunningDoor();

    /// One lane on a free port of 127.0.0.1.
    [[nodiscard]] static ServerSettings defaults();

    [[nodiscard]] quint16 port() const { return m_port; }
    [[nodiscard]] Observations &seen() { return m_seen; }
    [[nodiscard]] ServerCounters counters() const { return m_server->counters(); }
    [[nodiscard]] QString listenError() const { return m_listenError; }

    [[nodiscard]] Result<void> reloadTls(const ServerSettings &settings);
    void drain();
    [[nodiscard]] bool isDrained() const { return m_drained; }
    [[nodiscard]] int warnings() const;

private:
    class CountingLog;

    Observations m_seen;
    SystemClock m_clock;
    std::unique_ptr<CountingLog> m_log;
    QThread m_thread;
    QObject m_context; ///< Lives in the thread.
    std::unique_ptr<Server> m_server;
    quint16 m_port = 0;
    QString m_listenError;
    std::atomic<bool> m_drained = false;
};

} // namespace gatehouse

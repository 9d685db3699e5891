// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "http/connection/connection_slot.h"
#include "http/connection/descriptor.h"

#include <QObject>
#include <QSocketNotifier>
#include <QTcpServer>
#include <QTimer>

#include <functional>
#include <memory>

namespace gatehouse {

/// Accepts connections and hands their descriptors, non-blocking, to whoever serves them. Lives in the main
/// thread. (QTcpServer does the listening only: when descriptors run out, its accepting spins, in silence.)
class Acceptor final : public QObject
{
    Q_OBJECT
public:
    enum class Reception {
        Serve,
        Refuse, ///< Over the limit: to be told so, and closed.
    };
    using HandOver = std::function<void(Descriptor descriptor, Reception reception)>;

    /// `occupancy` counts what was handed over and is still open.
    Acceptor(int maxConnections, const Occupancy &occupancy, Log &log, HandOver handOver);

    /// `host` is an address or a name; `port` 0 picks a free one. Blocks while a name is looked up. Returns
    /// the port.
    [[nodiscard]] Result<quint16> open(const QString &host, quint16 port);

    void shut();

    [[nodiscard]] qint64 acceptedCount() const { return m_accepted.load(std::memory_order_relaxed); }
    [[nodiscard]] qint64 refusedCount() const { return m_refused.load(std::memory_order_relaxed); }

private:
    void acceptWaiting();
    void receive(Descriptor descriptor);
    void recover(int error);
    void shedWaiting();

    const int m_maxConnections;
    const Occupancy &m_occupancy;
    Log &m_log;
    HandOver m_handOver;
    QTcpServer m_listener;
    std::unique_ptr<QSocketNotifier> m_readable;
    std::atomic<qint64> m_accepted = 0;
    std::atomic<qint64> m_refused = 0;
    Descriptor m_reserve; ///< Given up when descriptors run out, to accept and close what waits.
    QTimer m_pause;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "config/settings.h"
#include "http/router.h"

#include <QObject>

#include <functional>
#include <memory>

namespace gatehouse {

/// What one lane serves: its router and whatever that router's handlers need, made and destroyed in the
/// lane's thread.
class LaneService
{
public:
    virtual ~LaneService() = default;
    [[nodiscard]] virtual const Router &router() const = 0;
    /// Counts and spells a refusal of the door's own (bad framing, limits, 404, 405, draining) for the
    /// client. Called exactly once for each request that reaches no handler. `request` holds what is known of
    /// it: id, peer and receivedAt always, method and path only if the head was valid so far.
    [[nodiscard]] virtual Response refusal(const Request &request, const Error &error) const = 0;
    /// Called once when draining begins, in the lane's thread. (When the drain timeout has passed, the
    /// service is destroyed: its running answers then write their last words into their sinks, which the door
    /// still flushes.)
    virtual void drain() = 0;
};

/// Called in each lane's thread before its loop serves anything.
using LaneServiceFactory = std::function<std::unique_ptr<LaneService>(int lane)>;

struct ServerCounters
{
    qint64 activeConnections = 0;
    qint64 acceptedConnections = 0;
    qint64 refusedConnections = 0;
    int lanes = 0;
};

/// What no operator has to decide, but a test wants to turn.
struct ServerTuning
{
    std::chrono::milliseconds webSocketPing{30'000}; ///< A peer silent for two of them is closed.
};

/// The door: one acceptor and N lanes. Lives in the main thread.
class Server : public QObject
{
    Q_OBJECT
public:
    Server(const ServerSettings &settings, Log &log, const Clock &clock, LaneServiceFactory factory,
           ServerTuning tuning = {});
    ~Server() override; ///< Stops the lanes and waits for their threads.

    /// Starts the lanes and listens. Fails with the address and the system's reason.
    [[nodiscard]] Result<quint16> listen();

    /// Reads certificate and key again; on failure the old ones stay.
    [[nodiscard]] Result<void> reloadTls(const ServerSettings &settings);

    /// Closes the listener; idle connections close, further requests get 503, running answers go on.
    /// drained() follows when the last one has ended, or after `drainTimeout`, when what is left is cancelled
    /// (each lane's service is destroyed, so its streams say so first).
    void drain();

    [[nodiscard]] ServerCounters counters() const; ///< Thread-safe.

Q_SIGNALS:
    void drained();

private:
    class Private;

    void startLane(int index);
    void endDrain();
    void checkDrained();
    void reportDrained();

    std::unique_ptr<Private> d;
};

} // namespace gatehouse

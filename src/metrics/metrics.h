// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace gatehouse {

/// What one settled request adds to the figures. Labels are bounded by construction: `endpoint` is a route's
/// pattern (or `unmatched`), `model` and `route` come from the catalogue, never from the caller.
struct RequestFacts
{
    QByteArray method;
    QByteArray endpoint;
    int status = 0;
    std::chrono::nanoseconds duration{};
};

/// What one settled inference adds.
struct InferenceFacts
{
    QByteArray model;
    QByteArray route;
    QByteArray outcome; ///< `ok`, `cancelled`, or an error code's name.
    /// Counts where the answer is whole or has begun: a refusal takes no time, and says nothing of the model.
    std::chrono::nanoseconds duration{};
    std::optional<std::chrono::nanoseconds> timeToFirstToken;
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    std::chrono::nanoseconds waited{}; ///< For a place at a busy route.
};

/// What one attempt that failed adds, of which the caller may have learnt nothing.
struct AttemptFacts
{
    QByteArray route;
    QByteArray error; ///< An error code's name.
};

/// Figures that are read when somebody asks, not counted as they change.
struct Gauges
{
    /// A local model's requests.
    struct Queue
    {
        QByteArray model;
        qint64 waiting = 0;
    };
    /// Requests that wait for a place at a route, or at a pool's.
    struct WaitingRoom
    {
        QByteArray group; ///< The pool's name, or the route's key.
        qint64 waiting = 0;
    };
    /// An upstream, or a local model.
    struct Route
    {
        QByteArray key;
        std::optional<bool> isUp; ///< Unset: never asked.
        qint64 outstanding = 0;   ///< Requests that it has now.
        bool isLeftAlone = false; ///< Its circuit is open.
    };
    struct Cache
    {
        qint64 hits = 0;
        qint64 misses = 0;
        qint64 answers = 0;
        qint64 bytes = 0;
    };

    qint64 activeConnections = 0;
    qint64 acceptedConnections = 0;
    qint64 refusedConnections = 0;
    int lanes = 0;
    Cache cache = {};
    bool isDatabaseUp = true;
    bool hasLedgerRoom = true; ///< False: requests to models are refused, as they could not be accounted for.
    QList<Route> routes = {};
    QList<Queue> queues = {};
    QList<WaitingRoom> waitingRooms = {};
};

/// The same figures as the exposition's, for those who read JSON. Sums are since the start.
struct MetricFigures
{
    std::chrono::seconds uptime{};
    qint64 requests = 0;
    qint64 errors = 0;        ///< Requests answered with 400 and above, or not at all.
    qint64 inferences = 0;    ///< Whatever their outcome, refusals included.
    qint64 routeFailures = 0; ///< Attempts that failed, also those of which no caller learnt.
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    double p50Ms = 0; ///< Of inferences that had an answer, from the hand-over to the end; 0: there was none.
    double p95Ms = 0;
    qint64 exchangesRunning = 0;
    qint64 webSockets = 0;
    qint64 residentBytes = 0;
    double cpuPercent = 0; ///< Of one core, since somebody last asked.
    Gauges gauges = {};
};

/// The process's counters and their exposition in Prometheus's text format 0.0.4. Thread-safe: the lanes
/// count, any thread reads. One instance a server, owned by `app`.
class Metrics
{
public:
    explicit Metrics(std::function<Gauges()> gauges); ///< Asked from any thread.
    ~Metrics();

    void count(const RequestFacts &facts);
    void count(const InferenceFacts &facts);
    void count(const AttemptFacts &facts);
    void exchangeBegan(); ///< Each is followed by one exchangeEnded().
    void exchangeEnded();
    void webSocketOpened(); ///< Each is followed by one webSocketClosed().
    void webSocketClosed();

    /// The whole exposition. Costs a few milliseconds at most; meant for a scrape every few seconds.
    [[nodiscard]] QByteArray exposition() const;

    [[nodiscard]] MetricFigures figures() const;
    [[nodiscard]] std::chrono::seconds uptime() const; ///< Of this server.

    static constexpr const char *contentType = "text/plain; version=0.0.4; charset=utf-8";

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse

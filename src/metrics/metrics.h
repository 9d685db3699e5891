// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

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
    std::chrono::nanoseconds duration{};
    std::optional<std::chrono::nanoseconds> timeToFirstToken;
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
};

/// Figures that are read when somebody asks, not counted as they change.
struct Gauges
{
    qint64 activeConnections = 0;
    qint64 acceptedConnections = 0;
    qint64 refusedConnections = 0;
};

/// The process's counters and their exposition in Prometheus's text format 0.0.4. Thread-safe: the lanes
/// count, any thread reads. One instance a server, owned by `app`.
class Metrics
{
public:
    explicit Metrics(std::function<Gauges()> gauges);
    ~Metrics();

    void count(const RequestFacts &facts);
    void count(const InferenceFacts &facts);
    void exchangeBegan(); ///< Each is followed by one exchangeEnded().
    void exchangeEnded();

    /// The whole exposition. Costs a few milliseconds at most; meant for a scrape every few seconds.
    [[nodiscard]] QByteArray exposition() const;

    static constexpr const char *contentType = "text/plain; version=0.0.4; charset=utf-8";

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse

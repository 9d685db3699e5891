// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"

#include <QByteArrayList>
#include <QMutex>

#include <atomic>

namespace gatehouse {

/// What the handlers of all lanes have seen. Thread-safe.
class Observations
{
public:
    std::atomic<int> served = 0;        ///< Requests that reached a handler.
    std::atomic<int> refused = 0;       ///< Refusals that were spelled.
    std::atomic<int> vagueRefusals = 0; ///< Those that lacked what the interface promises.
    std::atomic<int> headChecks = 0;    ///< Requests whose head was asked about before their body.
    std::atomic<int> gone = 0;          ///< Clients that left before their answer's end.
    std::atomic<std::chrono::steady_clock::time_point> lastGone{}; ///< When the last of these was noticed.
    std::atomic<int> finished = 0;                                 ///< Answers that got out to their end.
    std::atomic<int> alive = 0;                                    ///< Answers that still run.
    std::atomic<int> congested = 0;
    std::atomic<int> drained = 0;
    std::atomic<qint64> produced = 0; ///< Bytes of endless streams.
    std::atomic<qint64> finishedBytes = 0;
    std::atomic<int> undecided = 0; ///< WebSocket handshakes whose gate hesitates.
    std::atomic<int> channels = 0;  ///< WebSockets that are open.
    std::atomic<int> draining = 0;  ///< WebSockets and services that were told so.

    void note(const QByteArray &line);
    [[nodiscard]] QByteArrayList lines() const;

    void noteLane(int lane);
    [[nodiscard]] QList<int> requestsByLane() const;

private:
    mutable QMutex m_mutex;
    QByteArrayList m_lines;
    QList<int> m_byLane;
};

/// The tests' own service:
/// GET /hello, /delayed/{ms}, /stream/{count}, /flood/{bytes}, /bulk/{bytes}, /hang, /no-content,
/// /not-modified, /abort, /begin-only; POST /echo, /upload/{name} (a large body needs `x-api-key: sesame`);
/// any path ending in a parameter: GET /named/{name...}. WebSocket /ws/echo (needs `x-api-key: sesame`),
/// /ws/flood, /ws/spill (heeds no congestion), /ws/later/{ms} (its gate takes that long).
class DoorService final : public LaneService
{
public:
    DoorService(int lane, Observations &seen);
    ~DoorService() override;

    [[nodiscard]] const Router &router() const override { return m_router; }
    [[nodiscard]] Response refusal(const Request &request, const Error &error) const override;
    void drain() override;

private:
    void add(QByteArray method, QByteArray pattern, Handler handler, HeadCheck headCheck = {});
    void addAnswers();
    void addUpload();
    void addStreams();
    void addWebSockets();

    const int m_lane;
    Observations &m_seen;
    Router m_router;
    QObject m_context; ///< Dies with the service: hanging answers say their last words then.
};

} // namespace gatehouse

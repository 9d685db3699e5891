// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "fakes/request_reader.h"

#include <QList>

#include <deque>
#include <mutex>
#include <optional>

namespace gatehouse::fakes {

/// How an answer ended.
enum class Ending {
    Open,       ///< Not yet.
    Complete,   ///< All of it was handed to the socket.
    Cut,        ///< The fake broke it off, as it was told to.
    ClientLeft, ///< The client closed before it was complete.
};

/// What the fake saw of one request. Times are of the steady clock (CLOCK_MONOTONIC), so they compare across
/// the processes of a machine.
struct SeenRequest
{
    quint64 id = 0; ///< From 1, in the order of arrival.
    WireRequest request;
    MonotonicTime receivedAt;
    std::optional<MonotonicTime> clientLeftAt; ///< When the close was seen; only for Ending::ClientLeft.
    int tokensSent = 0;
    Ending ending = Ending::Open;
};

struct Totals
{
    quint64 requests = 0;
    quint64 tokensSent = 0;
    quint64 clientsLeft = 0;     ///< In the middle of an answer.
    quint64 connections = 0;     ///< Ever accepted.
    quint64 openConnections = 0; ///< Now.
    quint64 openAnswers = 0;     ///< Now.
};

/// The record of what the fake saw. Bounded: the oldest requests are forgotten, the totals are not.
/// Thread-safe: the fake writes in its thread, tests read in theirs.
class Journal
{
public:
    static constexpr std::size_t MostRequests = 4096;

    quint64 noteRequest(const WireRequest &request);
    void noteTokens(quint64 id, int tokensSent); ///< In all, for this request.
    void noteEnd(quint64 id, Ending ending);     ///< Only the first one counts.
    void noteConnection(bool opened);

    [[nodiscard]] QList<SeenRequest> requests() const;
    [[nodiscard]] Totals totals() const;
    void clear();

    /// `{"totals":{…},"requests":[{id, method, path, headers, body, received_us, client_left_us?,
    /// tokens_sent, ending}]}` with the newest `most` requests. Bodies are cut at 64 KiB.
    [[nodiscard]] QByteArray toJson(std::size_t most = 100) const;

private:
    SeenRequest *find(quint64 id);

    mutable std::mutex m_mutex; ///< Guards all below.
    std::deque<SeenRequest> m_requests;
    quint64 m_lastId = 0;
    Totals m_totals;
};

} // namespace gatehouse::fakes

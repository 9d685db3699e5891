// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "routing/route_group.h"

#include <vector>

namespace gatehouse {

/// What a group knows of one of its routes: how many requests it has, whether it is worth asking, and for
/// which models it asked to be left alone. Guarded by the group's mutex; time and chance are passed in.
class RouteStanding
{
public:
    static constexpr std::chrono::seconds busyRest{1}; ///< Where the route doesn't say for how long.
    static constexpr std::chrono::minutes longestBusyRest{10};
    static constexpr std::chrono::seconds unfitRest{10};
    static constexpr size_t mostRests = 64; ///< Models; the one longest known goes first.

    explicit RouteStanding(const RouteMember &member);

    void configure(const RouteMember &member) { m_member = member; }
    [[nodiscard]] const QByteArray &key() const { return m_member.key; }
    [[nodiscard]] PoolMember asPoolMember() const; ///< Admitted.
    [[nodiscard]] RouteTraffic traffic(MonotonicTime now) const;

    /// A request for one model, of the only route that may answer it or of one among several. Who stands
    /// alone is left alone only where it said so itself: its own answer is better than a remembered one.
    struct Question
    {
        QByteArrayView model;
        bool standsAlone;
        MonotonicTime now;
    };
    [[nodiscard]] bool admits(const Question &question) const;
    /// Whether it may be asked where nobody else is left. Those who reopen first go first.
    [[nodiscard]] bool admitsAtNeed(const Question &question) const;
    [[nodiscard]] MonotonicTime reopens() const { return m_breaker.restsUntil(); }

    /// Why it isn't asked, and from when on it may be.
    struct Excuse
    {
        Error error;
        MonotonicTime since;
        MonotonicTime until;
    };
    /// In words of our own: what the upstream said, it said to another caller.
    [[nodiscard]] Excuse excuse(const Question &question) const;

    /// Of the request that ends so.
    struct Sent
    {
        const QByteArray &model;
        CircuitBreaker::Trial trial;
    };
    [[nodiscard]] CircuitBreaker::Trial begin(); ///< A request is sent.
    void succeeded() { m_breaker.succeeded(); }
    void failed(const Error &error, const Sent &sent, MonotonicTime now, double chance);
    void abandoned(CircuitBreaker::Trial trial) { m_breaker.abandoned(trial); }
    void gaveBack() { --m_outstanding; }
    void probed(bool hasAnswered, MonotonicTime now, double chance);

private:
    struct Rest
    {
        QByteArray model;
        bool isAskedFor; ///< By the route itself.
        Excuse excuse;
    };
    [[nodiscard]] const Rest *restFor(const Question &question) const;
    void rest(Rest rest, MonotonicTime now);

    RouteMember m_member;
    quint64 m_seed;
    int m_outstanding = 0;
    CircuitBreaker m_breaker;
    std::vector<Rest> m_rests; ///< One a model; the newest is last.
    Error m_failure;           ///< The newest one that the breaker was told, as others are told it.
    MonotonicTime m_failed = {};
};

} // namespace gatehouse

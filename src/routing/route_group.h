// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "routing/circuit_breaker.h"
#include "routing/pool_choice.h"
#include "routing/waiting_room.h"

#include <QSet>

#include <memory>

namespace gatehouse {

class Place;
class RouteStanding;
class Turn;

/// The reason of the Error that a wish gets whose routes the group doesn't have (any more): the wish was made
/// by routes that have just changed.
inline constexpr QByteArrayView routeRemoved = "route_removed";

/// What a request wants of a group.
struct Wish
{
    QSet<QByteArray> routes; ///< Keys of those that can answer it, at least one.
    /// Nobody else will be asked if these can't: where all of them are left alone, one is tried all the same.
    bool isLastResort = true;
    QByteArray model;      ///< As callers call it.
    quint64 affinity = 0;  ///< See choosePoolMember().
    QByteArray payer = {}; ///< Whose turn it uses, where it has to wait.
    qint64 tokens = 1;     ///< What it costs, prompt and answer.
    /// For how long it has waited elsewhere: that much less it waits here.
    std::chrono::milliseconds waited{0};
};

/// One route, as its group was configured.
struct RouteMember
{
    QByteArray key;
    int weight = 1;
    int maxConcurrent = 0; ///< 0: no bound.
};

/// How one route is doing.
struct RouteTraffic
{
    QByteArray key;
    CircuitBreaker::State circuit = CircuitBreaker::State::Closed;
    int outstanding = 0;
    friend bool operator==(const RouteTraffic &, const RouteTraffic &) = default;
};

/// The routes among which requests are shared: those of a pool, or one that stands alone. Knows of each how
/// many requests it has and whether it is worth asking, and has those wait for whom there is no place.
/// Shared by all lanes; thread-safe; every call takes microseconds and none waits for another's request.
class RouteGroup : public std::enable_shared_from_this<RouteGroup>
{
public:
    struct Bounds
    {
        int queueLimit = 256;
        std::chrono::milliseconds queueTimeout{120'000};
    };

    /// `name`: the pool's, or the route's key. The clock outlives the group.
    RouteGroup(QByteArray name, const Clock &clock);
    ~RouteGroup();

    [[nodiscard]] const QByteArray &name() const { return m_name; }

    /// Takes over members and bounds. Who stays keeps what is known of it. Those who wait only for members
    /// that are gone are refused.
    void configure(const QList<RouteMember> &members, const Bounds &bounds);

    [[nodiscard]] QList<RouteTraffic> traffic() const;
    [[nodiscard]] qsizetype waiting() const;

    /// A probe of this route was answered, or not.
    void probed(const QByteArray &routeKey, bool hasAnswered);

private:
    friend class Place;
    friend class Turn;
    class Private;

    /// What take() is answered at once; nothing: the turn waits, and its m_decision will be set.
    [[nodiscard]] std::optional<Result<Place>> join(Turn &turn);
    /// The turn waits no longer. What was decided for it and not delivered yet; nothing: nothing was.
    [[nodiscard]] std::optional<Result<Place>> leave(Turn &turn);
    [[nodiscard]] Error tooLong() const; ///< The answer to who waited until its patience was at its end.
    [[nodiscard]] qsizetype placeInQueue(const Turn &turn) const;
    [[nodiscard]] std::chrono::milliseconds patience() const;
    void lookAgain(); ///< Time has passed, which may have ended a route's rest.

    const QByteArray m_name;
    std::unique_ptr<Private> d;
};

/// A request's right to be with a route; gives itself back when it ends. Who got it tells once how it went,
/// if it knows. Used in one thread.
class Place
{
public:
    Place() = default; ///< None.
    Place(Place &&other) noexcept;
    Place &operator=(Place &&other) noexcept;
    ~Place();

    [[nodiscard]] const QByteArray &routeKey() const { return m_routeKey; }
    explicit operator bool() const { return m_group != nullptr; }

    void succeeded();                ///< The answer has begun. The place is kept.
    void failed(const Error &error); ///< It has failed, by routeFailure(error). Gives the place back.

private:
    friend class RouteGroup;
    void giveBack(const Error *failure);

    std::shared_ptr<RouteGroup> m_group; ///< Null: none.
    std::shared_ptr<RouteStanding> m_route;
    QByteArray m_routeKey;
    QByteArray m_model;
    MonotonicTime m_since = {};
    CircuitBreaker::Trial m_trial = 0; ///< Of which the breaker wasn't told the end yet.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_group.h"

#include "routing/route_standing.h"
#include "routing/turn.h"

#include <QCoreApplication>
#include <QHash>
#include <QRandomGenerator>
#include <QVarLengthArray>

#include <algorithm>
#include <mutex>

namespace gatehouse {

namespace {

using Standings = std::vector<std::shared_ptr<RouteStanding>>;

/// What a request finds when it comes.
struct Prospect
{
    QVarLengthArray<PoolMember, 8> members; ///< In the group's order; who may be asked is admitted.
    bool isOpen = false;                    ///< Somebody may be asked.
    bool hasRoom = false;                   ///< Somebody may be asked now.

    void admit(qsizetype index)
    {
        members[index].isAdmitted = true;
        isOpen = true;
        hasRoom = hasRoom || members[index].hasRoom();
    }
};

double chance()
{
    return QRandomGenerator::global()->generateDouble();
}

Error overloaded(const char *message, std::chrono::seconds retryAfter)
{
    return {.code = ErrorCode::Overloaded,
            .message = QCoreApplication::translate("Routing", message),
            .retryAfter = retryAfter};
}

Error routeIsGone()
{
    return {.code = ErrorCode::UpstreamUnreachable,
            .message = QCoreApplication::translate("Routing", "The route was removed."),
            .reason = routeRemoved.toByteArray()};
}

std::chrono::seconds secondsUntil(MonotonicTime then, MonotonicTime now)
{
    return std::max(std::chrono::ceil<std::chrono::seconds>(then - now), std::chrono::seconds(1));
}

} // namespace

/// All of it is guarded by `mutex`. No Place may end while that is held: it would want it, too.
class RouteGroup::Private
{
public:
    explicit Private(const Clock &time)
        : clock(time)
    {}

    [[nodiscard]] std::shared_ptr<RouteStanding> find(const QByteArray &key) const;
    [[nodiscard]] RouteStanding::Question question(const Wish &wish, MonotonicTime now) const;
    [[nodiscard]] Prospect prospect(const Wish &wish, MonotonicTime now) const;
    [[nodiscard]] Error excuse(const Wish &wish, MonotonicTime now) const;
    [[nodiscard]] std::chrono::seconds queueTime() const;
    [[nodiscard]] Error tooLong() const;
    [[nodiscard]] Error full() const;
    void note(std::chrono::duration<double> held);

    const Clock &clock;
    mutable std::mutex mutex;
    Bounds bounds;
    Standings routes;
    WaitingRoom room;
    QHash<WaitingRoom::Id, Turn *> turns; ///< Those in the room.
    WaitingRoom::Id newestId = 0;
    std::chrono::duration<double> meanHold{1}; ///< For how long a request has its place.
    MonotonicTime lookedAgain = {};
    bool mayHaveClosed = false; ///< Who waits may have nobody left to wait for.

    // Of the group, with its mutex held:
    [[nodiscard]] Place grant(RouteGroup &group, const Wish &wish, const Prospect &prospect,
                              MonotonicTime now);
    void settle(RouteGroup &group, MonotonicTime now);
    void serve(RouteGroup &group, MonotonicTime now);
    void refuseTheHopeless(MonotonicTime now);
    [[nodiscard]] bool makeRoom(const QByteArray &payer);
    void decide(Turn &turn, Result<Place> decision);
};

std::shared_ptr<RouteStanding> RouteGroup::Private::find(const QByteArray &key) const
{
    const auto found =
        std::find_if(routes.begin(), routes.end(), [&](const auto &route) { return route->key() == key; });
    return found == routes.end() ? nullptr : *found;
}

RouteStanding::Question RouteGroup::Private::question(const Wish &wish, MonotonicTime now) const
{
    return {.model = wish.model, .standsAlone = wish.routes.size() == 1, .now = now};
}

Prospect RouteGroup::Private::prospect(const Wish &wish, MonotonicTime now) const
{
    const RouteStanding::Question asked = question(wish, now);
    Prospect found;
    qsizetype atNeed = -1;
    qsizetype fullAtNeed = -1;
    for (size_t i = 0; i < routes.size(); ++i) {
        const RouteStanding &route = *routes[i];
        const auto index = static_cast<qsizetype>(i);
        PoolMember member = route.asPoolMember();
        const bool hasRoom = member.hasRoom();
        member.isAdmitted = false;
        found.members.append(member);
        if (!wish.routes.contains(route.key()))
            continue;
        if (route.admits(asked)) {
            found.admit(index);
        } else if (wish.isLastResort && route.admitsAtNeed(asked)) {
            qsizetype &best = hasRoom ? atNeed : fullAtNeed;
            if (best < 0 || route.reopens() < routes[static_cast<size_t>(best)]->reopens())
                best = index;
        }
    }
    const qsizetype need = atNeed >= 0 ? atNeed : fullAtNeed;
    if (!found.isOpen && need >= 0)
        found.admit(need);
    return found;
}

// The newest failure of those that could answer, and when the first of them may be asked again.
Error RouteGroup::Private::excuse(const Wish &wish, MonotonicTime now) const
{
    std::optional<RouteStanding::Excuse> newest;
    MonotonicTime until = MonotonicTime::max();
    for (const auto &route : routes) {
        if (!wish.routes.contains(route->key()))
            continue;
        RouteStanding::Excuse its = route->excuse(question(wish, now));
        until = std::min(until, its.until);
        if (!newest || its.since > newest->since)
            newest = std::move(its);
    }
    if (!newest)
        return routeIsGone();
    newest->error.retryAfter = secondsUntil(until, now);
    return newest->error;
}

// A guess: those who wait, one after the other, at as many places as there are.
std::chrono::seconds RouteGroup::Private::queueTime() const
{
    int places = 0;
    for (const auto &route : routes)
        places += route->asPoolMember().outstanding;
    const auto wait = meanHold * (static_cast<double>(room.size() + 1) / std::max(1, places));
    const auto longest = std::chrono::seconds(60);
    return wait > longest ? longest
                          : std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

Error RouteGroup::Private::tooLong() const
{
    return overloaded(
        QT_TRANSLATE_NOOP("Routing", "No place became free for the request in time; try again later."),
        queueTime());
}

Error RouteGroup::Private::full() const
{
    return overloaded(
        QT_TRANSLATE_NOOP("Routing", "Too many requests are waiting for this model; try again later."),
        queueTime());
}

void RouteGroup::Private::note(std::chrono::duration<double> held)
{
    meanHold += (held - meanHold) / 8;
}

Place RouteGroup::Private::grant(RouteGroup &group, const Wish &wish, const Prospect &prospect,
                                 MonotonicTime now)
{
    const std::optional<int> chosen =
        choosePoolMember(prospect.members, wish.affinity, QRandomGenerator::global()->generate64());
    Place place;
    place.m_group = group.shared_from_this();
    place.m_route = routes.at(static_cast<size_t>(chosen.value()));
    place.m_routeKey = place.m_route->key();
    place.m_model = wish.model;
    place.m_since = now;
    place.m_trial = place.m_route->begin();
    mayHaveClosed = mayHaveClosed || place.m_trial != 0;
    return place;
}

// After every change, those who wait are treated as if they came just now, in their turn.
void RouteGroup::Private::settle(RouteGroup &group, MonotonicTime now)
{
    if (room.size() > 0)
        serve(group, now);
    if (std::exchange(mayHaveClosed, false) && room.size() > 0)
        refuseTheHopeless(now);
}

void RouteGroup::Private::serve(RouteGroup &group, MonotonicTime now)
{
    const auto anyRoom = [this] {
        return std::any_of(routes.begin(), routes.end(),
                           [](const auto &route) { return route->asPoolMember().hasRoom(); });
    };
    while (anyRoom()) {
        const auto id =
            room.next([&](WaitingRoom::Id each) { return prospect(turns.value(each)->m_wish, now).hasRoom; });
        if (!id)
            return;
        Turn &turn = *turns.take(*id);
        decide(turn, grant(group, turn.m_wish, prospect(turn.m_wish, now), now));
    }
}

void RouteGroup::Private::refuseTheHopeless(MonotonicTime now)
{
    for (auto each = turns.begin(); each != turns.end();) {
        Turn &turn = *each.value();
        if (prospect(turn.m_wish, now).isOpen) {
            ++each;
            continue;
        }
        room.remove(each.key());
        each = turns.erase(each);
        decide(turn, excuse(turn.m_wish, now));
    }
}

// Whether one more may wait. Where the room is full, whoever fills it makes room for others.
bool RouteGroup::Private::makeRoom(const QByteArray &payer)
{
    if (room.size() < bounds.queueLimit)
        return true;
    const std::optional<WaitingRoom::Id> displaced = room.displacedBy(payer);
    if (!displaced)
        return false;
    room.remove(*displaced);
    decide(*turns.take(*displaced), full());
    return true;
}

// The turn can't end meanwhile: its destructor wants the mutex.
void RouteGroup::Private::decide(Turn &turn, Result<Place> decision)
{
    turn.m_decision.emplace(std::move(decision));
    Q_EMIT turn.decided();
}

RouteGroup::RouteGroup(QByteArray name, const Clock &clock)
    : m_name(std::move(name))
    , d(std::make_unique<Private>(clock))
{}

RouteGroup::~RouteGroup() = default;

void RouteGroup::configure(const QList<RouteMember> &members, const Bounds &bounds)
{
    const std::lock_guard lock(d->mutex);
    Standings routes;
    for (const RouteMember &member : members) {
        auto route = d->find(member.key);
        if (route)
            route->configure(member);
        else
            route = std::make_shared<RouteStanding>(member);
        routes.push_back(std::move(route));
    }
    d->routes = std::move(routes);
    d->bounds = bounds;
    d->mayHaveClosed = true;
    d->settle(*this, d->clock.now());
}

QList<RouteTraffic> RouteGroup::traffic() const
{
    const std::lock_guard lock(d->mutex);
    const MonotonicTime now = d->clock.now();
    QList<RouteTraffic> traffic;
    for (const auto &route : d->routes)
        traffic.append(route->traffic(now));
    return traffic;
}

qsizetype RouteGroup::waiting() const
{
    const std::lock_guard lock(d->mutex);
    return d->room.size();
}

void RouteGroup::probed(const QByteArray &routeKey, bool hasAnswered)
{
    const std::lock_guard lock(d->mutex);
    const auto route = d->find(routeKey);
    if (!route)
        return;
    const MonotonicTime now = d->clock.now();
    route->probed(hasAnswered, now, chance());
    d->mayHaveClosed = d->mayHaveClosed || !hasAnswered;
    d->settle(*this, now);
}

std::optional<Result<Place>> RouteGroup::join(Turn &turn)
{
    const std::lock_guard lock(d->mutex);
    const MonotonicTime now = d->clock.now();
    Prospect prospect = d->prospect(turn.m_wish, now);
    if (prospect.hasRoom && d->room.size() > 0) { // Time has opened a route: those who wait go first.
        d->settle(*this, now);
        prospect = d->prospect(turn.m_wish, now);
    }
    if (prospect.hasRoom) {
        Place place = d->grant(*this, turn.m_wish, prospect, now);
        d->settle(*this, now); // Where that is a trial, it may have left others without hope.
        return Result<Place>(std::move(place));
    }
    if (!prospect.isOpen)
        return Result<Place>(d->excuse(turn.m_wish, now));
    if (turn.m_wish.waited >= d->bounds.queueTimeout)
        return Result<Place>(d->tooLong());
    if (!d->makeRoom(turn.m_wish.payer))
        return Result<Place>(d->full());
    QObject::connect(&turn, &Turn::decided, &turn, &Turn::deliver,
                     Qt::ConnectionType(Qt::QueuedConnection | Qt::UniqueConnection));
    turn.m_id = ++d->newestId;
    d->turns.insert(turn.m_id, &turn);
    d->room.add(turn.m_id, turn.m_wish.payer, turn.m_wish.tokens);
    return {};
}

std::optional<Result<Place>> RouteGroup::leave(Turn &turn)
{
    const std::lock_guard lock(d->mutex);
    if (d->turns.remove(turn.m_id) > 0)
        d->room.remove(turn.m_id);
    return std::exchange(turn.m_decision, std::nullopt);
}

Error RouteGroup::tooLong() const
{
    const std::lock_guard lock(d->mutex);
    return d->tooLong();
}

qsizetype RouteGroup::placeInQueue(const Turn &turn) const
{
    const std::lock_guard lock(d->mutex);
    return d->room.placeOf(turn.m_id);
}

std::chrono::milliseconds RouteGroup::patience() const
{
    const std::lock_guard lock(d->mutex);
    return d->bounds.queueTimeout;
}

void RouteGroup::lookAgain()
{
    constexpr std::chrono::milliseconds atMost{500}; // All who wait come by each second.
    const std::lock_guard lock(d->mutex);
    const MonotonicTime now = d->clock.now();
    if (now - d->lookedAgain < atMost)
        return;
    d->lookedAgain = now;
    d->settle(*this, now);
}

Place::Place(Place &&other) noexcept = default;

Place &Place::operator=(Place &&other) noexcept
{
    if (this != &other) {
        giveBack(nullptr);
        m_group = std::move(other.m_group);
        m_route = std::move(other.m_route);
        m_routeKey = std::move(other.m_routeKey);
        m_model = std::move(other.m_model);
        m_since = other.m_since;
        m_trial = other.m_trial;
    }
    return *this;
}

Place::~Place()
{
    giveBack(nullptr);
}

void Place::succeeded()
{
    if (!m_group)
        return;
    RouteGroup::Private &group = *m_group->d;
    const std::lock_guard lock(group.mutex);
    m_trial = 0;
    m_route->succeeded();
    if (group.room.size() > 0)
        group.settle(*m_group, group.clock.now());
}

void Place::failed(const Error &error)
{
    giveBack(&error);
}

void Place::giveBack(const Error *failure)
{
    if (!m_group)
        return;
    const std::shared_ptr<RouteGroup> owner = std::exchange(m_group, nullptr); // Outlives the lock.
    RouteGroup::Private &group = *owner->d;
    const std::lock_guard lock(group.mutex);
    const MonotonicTime now = group.clock.now();
    m_route->gaveBack();
    group.note(now - m_since);
    const bool isOurs =
        failure && (failure->code == ErrorCode::Cancelled || failure->code == ErrorCode::Internal);
    if (failure && !isOurs) {
        m_route->failed(*failure, {.model = m_model, .trial = m_trial}, now, chance());
        group.mayHaveClosed = true;
    } else {
        m_route->abandoned(m_trial);
    }
    group.settle(*owner, now);
    m_route.reset();
}

} // namespace gatehouse

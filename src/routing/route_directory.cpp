// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_directory.h"

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

/// No route is called like a pool that it isn't in: the configuration sees to that.
QString groupName(const RouteSettings &route)
{
    return route.pool.isEmpty() ? route.key : route.pool;
}

bool isSameGroup(const RouteSettings &a, const RouteSettings &b)
{
    return groupName(a) == groupName(b);
}

/// The group that the route's pool, or the route itself, has in a set, as far as that is built; null: none.
std::shared_ptr<RouteGroup> groupIn(const RouteSet &set, const RouteSettings &route)
{
    const QList<RouteSettings> &routes = set.settings->routes;
    for (qsizetype i = 0; i < set.groups.size(); ++i) {
        if (isSameGroup(routes.at(i), route))
            return set.groups.at(i);
    }
    return nullptr;
}

/// Whether the set had a route of this key and group elsewhere.
bool hasMoved(const RouteSet &before, const RouteSettings &route)
{
    const QList<RouteSettings> &routes = before.settings->routes;
    return std::any_of(routes.begin(), routes.end(), [&route](const RouteSettings &old) {
        return old.key == route.key && isSameGroup(old, route) && !isSamePlace(old, route);
    });
}

/// A model in this process answers one conversation at a time: those that wait are better off here, where
/// callers take turns, than in the engine's queue.
constexpr int localAnswers = 1;

/// One group as settings have it.
struct Plan
{
    QList<RouteMember> members;
    QList<RouteMember> staying; ///< Without those that are another route now.
    RouteGroup::Bounds bounds{.queueLimit = 0, .queueTimeout = {}};
};

Plan planOf(const RouteSettings &group, const Settings &settings, const RouteSet *before)
{
    Plan plan;
    qint64 queueLimit = 0;
    for (const RouteSettings &route : settings.routes) {
        if (!isSameGroup(route, group))
            continue;
        const bool isLocal = route.kind == RouteKind::Local;
        const RouteMember member{.key = route.key.toUtf8(),
                                 .weight = route.weight,
                                 .maxConcurrent = isLocal && route.maxConcurrent == 0 ? localAnswers
                                                                                      : route.maxConcurrent};
        plan.members.append(member);
        if (!before || !hasMoved(*before, route))
            plan.staying.append(member);
        queueLimit += isLocal ? std::min(route.queueLimit, settings.model.queueLimit) : route.queueLimit;
        plan.bounds.queueTimeout = std::max(plan.bounds.queueTimeout, route.queueTimeout);
    }
    plan.bounds.queueLimit = static_cast<int>(std::min<qint64>(queueLimit, std::numeric_limits<int>::max()));
    return plan;
}

} // namespace

bool isSamePlace(const RouteSettings &a, const RouteSettings &b)
{
    return a.kind == b.kind && a.url == b.url && a.path == b.path;
}

bool listsTheSame(const RouteSettings &a, const RouteSettings &b)
{
    return isSamePlace(a, b) && a.apiKey == b.apiKey && a.headers == b.headers;
}

RouteGroup *RouteSet::groupOf(const QByteArray &routeKey) const
{
    const QString key = QString::fromUtf8(routeKey);
    for (qsizetype i = 0; i < groups.size(); ++i) {
        if (settings->routes.at(i).key == key)
            return groups.at(i).get();
    }
    return nullptr;
}

RouteDirectory::RouteDirectory(SettingsPtr settings, const Clock &clock)
    : m_clock(clock)
    , m_current(build(std::move(settings), nullptr))
{}

void RouteDirectory::apply(SettingsPtr settings)
{
    const RouteSetPtr before = m_current.get();
    const RouteSetPtr now = build(std::move(settings), before.get());
    m_current.swap(now);
    for (const auto &group : before->groups) {
        if (!now->groups.contains(group))
            group->configure({}, {});
    }
    Q_EMIT changed();
}

RouteSetPtr RouteDirectory::build(SettingsPtr settings, const RouteSet *before) const
{
    auto set = std::make_shared<RouteSet>();
    set->settings = std::move(settings);
    for (const RouteSettings &route : set->settings->routes) {
        if (auto known = groupIn(*set, route)) {
            set->groups.append(std::move(known));
            continue;
        }
        auto group = before ? groupIn(*before, route) : nullptr;
        if (!group)
            group = std::make_shared<RouteGroup>(groupName(route).toUtf8(), m_clock);
        const Plan plan = planOf(route, *set->settings, before);
        if (plan.staying.size() != plan.members.size()) // A group knows its members by their keys.
            group->configure(plan.staying, plan.bounds);
        group->configure(plan.members, plan.bounds);
        set->groups.append(std::move(group));
    }
    return set;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "routing/turn.h"
#include "unit/admission/manual_clock.h"

namespace gatehouse {

/// A request for a place, and what it was answered.
class Asker
{
public:
    Asker(const std::shared_ptr<RouteGroup> &group, Wish wish)
        : m_turn(std::make_unique<Turn>(group, std::move(wish)))
    {
        m_turn->take([this](Result<Place> result) {
            ++told;
            if (result)
                place = *std::move(result);
            else
                error = result.error();
        });
    }

    void leave() { m_turn.reset(); }
    [[nodiscard]] const Turn &turn() const { return *m_turn; }
    /// The route where it is; empty: it has no place.
    [[nodiscard]] QByteArray route() const { return place ? place.routeKey() : QByteArray(); }

    int told = 0;
    Place place;
    std::optional<Error> error;

private:
    std::unique_ptr<Turn> m_turn;
};

/// A group of routes "a", "b", …, each of which has room for as many requests.
inline std::shared_ptr<RouteGroup> groupOf(const Clock &clock, int routes, int maxConcurrent = 0,
                                           const RouteGroup::Bounds &bounds = {})
{
    QList<RouteMember> members;
    for (int i = 0; i < routes; ++i)
        members.append({.key = QByteArray(1, char('a' + i)), .maxConcurrent = maxConcurrent});
    auto group = std::make_shared<RouteGroup>("pool", clock);
    group->configure(members, bounds);
    return group;
}

/// For any of these routes, one letter each.
inline Wish wishFor(const char *routes, const QByteArray &model = "m", const QByteArray &payer = "p")
{
    Wish wish{.routes = {}, .model = model, .payer = payer};
    for (const char *route = routes; *route; ++route)
        wish.routes.insert(QByteArray(1, *route));
    return wish;
}

inline Error unreachable()
{
    return {.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("Connection refused.")};
}

inline Error rejected(int status, std::optional<std::chrono::seconds> retryAfter = {})
{
    return {.code = ErrorCode::UpstreamRejected,
            .message = QStringLiteral("It said %1.").arg(status),
            .upstreamStatus = status,
            .retryAfter = retryAfter};
}

} // namespace gatehouse

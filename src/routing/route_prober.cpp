// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_prober.h"

namespace gatehouse {

namespace {

using namespace std::chrono_literals;

/// What the newest attempt says of whether somebody is there; nothing, if it doesn't.
std::optional<bool> hasAnswered(const CatalogueEntry &entry)
{
    if (!entry.failure || entry.failure->upstreamStatus != 0)
        return true;
    switch (entry.failure->code) {
    case ErrorCode::UpstreamRejected:
    case ErrorCode::UpstreamFailed:
        return true;
    case ErrorCode::UpstreamUnreachable:
        return false;
    case ErrorCode::UpstreamTimeout:
        // Who is connected to and slow may be busy with an answer.
        if (routeFailure(*entry.failure) == RouteFailure::Unreachable)
            return false;
        return std::nullopt;
    default:
        return std::nullopt;
    }
}

/// Whether a probe may bring the route back. Once it has answered, only requests show whether it is well.
bool isLeftAlone(const RouteGroup &group, const QByteArray &routeKey, const CatalogueEntry *entry)
{
    for (const RouteTraffic &traffic : group.traffic()) {
        if (traffic.key != routeKey)
            continue;
        const bool wasThere = entry && hasAnswered(*entry) == true;
        return traffic.circuit == CircuitBreaker::State::Open ||
               (traffic.circuit == CircuitBreaker::State::HalfOpen && !wasThere);
    }
    return false;
}

} // namespace

RouteProber::RouteProber(RouteDirectory &routes, Catalogue &catalogue, BackendMaker make, const Clock &clock)
    : m_routes(routes)
    , m_catalogue(catalogue)
    , m_make(std::move(make))
    , m_clock(clock)
    , m_timer(this)
{
    m_timer.setInterval(1s);
    connect(&m_timer, &QTimer::timeout, this, &RouteProber::look);
    connect(&m_catalogue, &Catalogue::renewed, this, &RouteProber::learn, Qt::QueuedConnection);
    connect(&m_routes, &RouteDirectory::changed, this, &RouteProber::takeOver, Qt::QueuedConnection);
}

RouteProber::~RouteProber() = default;

void RouteProber::start()
{
    m_timer.start();
    takeOver();
}

void RouteProber::takeOver()
{
    if (!m_timer.isActive())
        return; // Not started.
    auto before = std::exchange(m_probed, {});
    for (const RouteSettings &route : m_routes.current()->settings->routes) {
        if (route.kind == RouteKind::Local)
            continue;
        const auto known = before.find(route.key.toStdString());
        if (known != before.end() && known->second.route == route) {
            m_probed.insert(before.extract(known));
            continue;
        }
        if (known != before.end() && !listsTheSame(known->second.route, route))
            m_catalogue.forget(route.key.toUtf8());
        auto made = m_make(route);
        if (!made)
            continue; // Requests to it are told why.
        m_probed.insert_or_assign(route.key.toStdString(),
                                  Probed{.route = route, .backend = std::move(*made), .learnt = {}});
        ask(route);
    }
    for (const auto &[key, gone] : before) {
        if (!m_probed.contains(key))
            m_catalogue.forget(gone.route.key.toUtf8());
    }
}

void RouteProber::look()
{
    const RouteSetPtr set = m_routes.current();
    const auto entries = m_catalogue.entries();
    const auto interval = set->settings->routing.probeInterval;
    const MonotonicTime now = m_clock.now();
    for (qsizetype i = 0; i < set->groups.size(); ++i) {
        const RouteSettings &route = set->settings->routes.at(i);
        const QByteArray key = route.key.toUtf8();
        const auto known = entries->value(key);
        const bool isDue =
            !route.pool.isEmpty() && interval > 0ms && (!known || now - known->asked >= interval);
        if (isDue || isLeftAlone(*set->groups.at(i), key, known.get()))
            ask(route);
    }
}

void RouteProber::ask(const RouteSettings &route)
{
    const auto probed = m_probed.find(route.key.toStdString());
    if (probed != m_probed.end())
        m_catalogue.probe(route.key.toUtf8(), *probed->second.backend);
}

void RouteProber::learn(const QByteArray &routeKey)
{
    const auto probed = m_probed.find(routeKey.toStdString());
    const auto entry = m_catalogue.entries()->value(routeKey);
    if (probed == m_probed.end() || !entry || entry == probed->second.learnt)
        return; // Nothing new: the question came to nothing.
    probed->second.learnt = entry;
    const std::optional<bool> isThere = hasAnswered(*entry);
    const RouteSetPtr set = m_routes.current();
    RouteGroup *group = set->groupOf(routeKey);
    if (isThere && group)
        group->probed(routeKey, *isThere);
}

} // namespace gatehouse

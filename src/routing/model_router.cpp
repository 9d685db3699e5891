// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/model_router.h"

#include <algorithm>
#include <numeric>

namespace gatehouse {

ModelRouter::ModelRouter(SettingsPtr settings, std::vector<std::unique_ptr<ChatBackend>> backends,
                         Catalogue &catalogue, const Clock &clock)
    : m_routes(std::move(settings))
    , m_backends(std::move(backends))
    , m_catalogue(catalogue)
    , m_clock(clock)
{
    Q_ASSERT(m_backends.size() == static_cast<size_t>(m_routes.routes().size()));
    // Queued even within the lane: nobody is called back before the call that made him wait has returned.
    connect(&m_catalogue, &Catalogue::renewed, this, &ModelRouter::onRenewed, Qt::QueuedConnection);
}

ModelRouter::~ModelRouter() = default;

void ModelRouter::resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context,
                          const Resolved &done)
{
    const auto entries = m_catalogue.entries();
    const RouteDecision decision =
        m_routes.decide(model, routeKey, {.entries = *entries, .now = m_clock.now()});
    const auto *question = std::get_if<RouteQuestion>(&decision);
    if (!question)
        return done(outcome(decision));
    whenRenewed(question->routes, context, [this, model, routeKey, done] {
        const auto renewed = m_catalogue.entries();
        done(outcome(
            m_routes.decide(model, routeKey, {.entries = *renewed, .now = m_clock.now(), .mayAsk = false})));
    });
}

Result<ResolvedModel> ModelRouter::outcome(const RouteDecision &decision)
{
    if (const auto *error = std::get_if<Error>(&decision))
        return *error;
    const auto &choice = std::get<RouteChoice>(decision);
    for (const int route : choice.stale)
        (void)refresh(route);
    return ResolvedModel{.backend = m_backends.at(static_cast<size_t>(choice.route)).get(),
                         .model = choice.model,
                         .routeKey = keyOf(choice.route)};
}

qint64 ModelRouter::contextLength(const ResolvedModel &resolved) const
{
    const auto entry = m_catalogue.entries()->value(resolved.routeKey);
    if (!entry)
        return 0;
    const auto found =
        std::find_if(entry->models.begin(), entry->models.end(),
                     [&resolved](const ModelInfo &info) { return isSameModel(info.id, resolved.model); });
    return found == entry->models.end() ? 0 : found->contextLength;
}

void ModelRouter::list(QObject *context, const Listed &done)
{
    QList<int> old;
    const auto entries = m_catalogue.entries();
    const MonotonicTime now = m_clock.now();
    for (int i = 0; i < m_routes.routes().size(); ++i) {
        if (m_routes.isOld(i, {.entries = *entries, .now = now}))
            old.append(i);
    }
    if (old.isEmpty())
        return done(m_routes.listing(*entries));
    whenRenewed(old, context, [this, done] { done(m_routes.listing(*m_catalogue.entries())); });
}

void ModelRouter::renew(QObject *context, const std::function<void()> &done)
{
    QList<int> all(m_routes.routes().size());
    std::iota(all.begin(), all.end(), 0);
    whenRenewed(all, context, done);
}

QList<RouteHealth> ModelRouter::health() const
{
    return routeHealth(m_routes.settings(), *m_catalogue.entries());
}

ModelListing ModelRouter::known() const
{
    return m_routes.listing(*m_catalogue.entries());
}

bool ModelRouter::refresh(int route)
{
    return m_catalogue.refresh(keyOf(route), *m_backends.at(static_cast<size_t>(route)));
}

void ModelRouter::whenRenewed(const QList<int> &routes, QObject *context, std::function<void()> proceed)
{
    QSet<QByteArray> keys;
    for (const int route : routes) {
        if (refresh(route))
            keys.insert(keyOf(route));
    }
    if (keys.isEmpty()) // Another lane has just renewed them all.
        return proceed();
    m_waiting.push_back({.routeKeys = keys, .context = context, .proceed = std::move(proceed)});
}

void ModelRouter::onRenewed(const QByteArray &routeKey)
{
    for (Waiting &waiting : m_waiting)
        waiting.routeKeys.remove(routeKey);
    const auto done = std::stable_partition(m_waiting.begin(), m_waiting.end(), [](const Waiting &waiting) {
        return !waiting.routeKeys.isEmpty();
    });
    // Taken out first: those who are called may begin to wait anew.
    std::vector<Waiting> ready(std::make_move_iterator(done), std::make_move_iterator(m_waiting.end()));
    m_waiting.erase(done, m_waiting.end());
    for (const Waiting &waiting : ready) {
        if (waiting.context)
            waiting.proceed();
    }
}

QByteArray ModelRouter::keyOf(int route) const
{
    return m_routes.routes().at(route).key.toUtf8();
}

} // namespace gatehouse

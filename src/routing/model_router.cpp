// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/model_router.h"

#include "routing/failed_backend.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// So often a request begins anew whose question came to nothing.
constexpr int mostRounds = 8;

Error unsettled()
{
    return {.code = ErrorCode::Overloaded,
            .message = QStringLiteral("The routes are changing just now; try again"),
            .retryAfter = std::chrono::seconds(1)};
}

} // namespace

ModelRouter::ModelRouter(RouteDirectory &directory, BackendMaker make, Catalogue &catalogue,
                         const Clock &clock)
    : m_directory(directory)
    , m_make(std::move(make))
    , m_catalogue(catalogue)
    , m_clock(clock)
{
    // Queued even within the lane: nobody is called back before the call that made him wait has returned.
    connect(&m_catalogue, &Catalogue::renewed, this, &ModelRouter::onRenewed, Qt::QueuedConnection);
    connect(&m_directory, &RouteDirectory::changed, this, &ModelRouter::takeOver, Qt::QueuedConnection);
    takeOver();
}

ModelRouter::~ModelRouter() = default;

void ModelRouter::resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context,
                          const Resolved &done)
{
    resolve(model, routeKey, context, done, mostRounds);
}

void ModelRouter::resolve(const QByteArray &model, const QByteArray &routeKey, QObject *context,
                          const Resolved &done, int rounds)
{
    if (m_directory.current() != m_set) // changed() is still on its way.
        takeOver();
    const auto entries = m_catalogue.entries();
    const RouteDecision decision =
        m_routes->decide(model, routeKey, {.entries = *entries, .now = m_clock.now()});
    const auto *question = std::get_if<RouteQuestion>(&decision);
    if (!question)
        return done(outcome(decision, *entries));
    const QPointer<QObject> alive = context;
    whenRenewed(question->routes, context, [this, model, routeKey, alive, done, rounds](bool isComplete) {
        if (!isComplete && rounds > 0)
            return resolve(model, routeKey, alive, done, rounds - 1);
        const auto renewed = m_catalogue.entries();
        const RouteDecision settled =
            m_routes->decide(model, routeKey, {.entries = *renewed, .now = m_clock.now(), .mayAsk = false});
        // Nobody is told that a model isn't there because nobody was asked.
        const bool isRefused = std::holds_alternative<Error>(settled);
        done(!isComplete && isRefused ? Result<ResolvedModel>(unsettled()) : outcome(settled, *renewed));
    });
}

Result<ResolvedModel> ModelRouter::outcome(const RouteDecision &decision, const CatalogueEntries &entries)
{
    if (const auto *error = std::get_if<Error>(&decision))
        return *error;
    const auto &choice = std::get<RouteChoice>(decision);
    for (const int route : choice.stale)
        (void)refresh(route);
    return resolved(choice, entries);
}

ResolvedModel ModelRouter::resolved(const RouteChoice &choice, const CatalogueEntries &entries) const
{
    ResolvedModel resolved{.model = choice.model,
                           .candidates = {},
                           .group = m_set->groups.at(choice.routes.first()),
                           .contextLength = 0};
    resolved.candidates.reserve(choice.routes.size());
    for (const int route : choice.routes) {
        Candidate candidate{.routeKey = m_routes->key(route),
                            .backend = m_backends.at(static_cast<size_t>(route)),
                            .upstreamModel = m_routes->upstreamName(route, choice.model),
                            .total = m_routes->routes().at(route).timeouts.total,
                            .isLocal = m_routes->routes().at(route).kind == RouteKind::Local};
        const auto entry = entries.constFind(candidate.routeKey);
        const ModelInfo *info =
            entry == entries.constEnd() ? nullptr : (*entry)->find(candidate.upstreamModel);
        // A pool is as wide as its narrowest route.
        if (info && info->contextLength > 0 &&
            (resolved.contextLength == 0 || info->contextLength < resolved.contextLength))
            resolved.contextLength = info->contextLength;
        resolved.candidates.append(std::move(candidate));
    }
    return resolved;
}

QList<FallbackModel> ModelRouter::fallbacks(const QByteArray &model, bool isServed) const
{
    return m_routes->fallbacks(model, isServed);
}

int ModelRouter::attempts() const
{
    return m_routes->settings().routing.attempts;
}

void ModelRouter::list(QObject *context, const Listed &done)
{
    list(context, done, mostRounds);
}

void ModelRouter::list(QObject *context, const Listed &done, int rounds)
{
    QList<int> old;
    const auto entries = m_catalogue.entries();
    const MonotonicTime now = m_clock.now();
    for (int i = 0; i < m_routes->routes().size(); ++i) {
        if (m_routes->isOld(i, {.entries = *entries, .now = now}))
            old.append(i);
    }
    if (old.isEmpty())
        return done(m_routes->listing(*entries));
    const QPointer<QObject> alive = context;
    whenRenewed(old, context, [this, alive, done, rounds](bool isComplete) {
        if (!isComplete && rounds > 0)
            return list(alive, done, rounds - 1);
        done(known());
    });
}

void ModelRouter::renew(QObject *context, const std::function<void()> &done)
{
    renew(context, done, mostRounds);
}

void ModelRouter::renew(QObject *context, const std::function<void()> &done, int rounds)
{
    QList<int> all;
    for (int i = 0; i < m_routes->routes().size(); ++i)
        all.append(i);
    const QPointer<QObject> alive = context;
    whenRenewed(all, context, [this, alive, done, rounds](bool isComplete) {
        if (!isComplete && rounds > 0)
            return renew(alive, done, rounds - 1);
        done();
    });
}

QList<RouteHealth> ModelRouter::health() const
{
    return routeHealth(*m_set, *m_catalogue.entries());
}

ModelListing ModelRouter::known() const
{
    return m_routes->listing(*m_catalogue.entries());
}

bool ModelRouter::refresh(int route)
{
    return m_catalogue.refresh(m_routes->key(route), backend(route));
}

void ModelRouter::whenRenewed(const QList<int> &routes, QObject *context, std::function<void(bool)> proceed)
{
    Waiting waiting{
        .routeKeys = {}, .since = m_clock.now(), .context = context, .proceed = std::move(proceed)};
    for (const int route : routes) {
        if (refresh(route))
            waiting.routeKeys.insert(m_routes->key(route));
    }
    if (waiting.routeKeys.isEmpty()) // Another lane has just renewed them all.
        return waiting.proceed(true);
    m_waiting.push_back(std::move(waiting));
}

void ModelRouter::onRenewed(const QByteArray &routeKey)
{
    const auto entry = m_catalogue.entries()->value(routeKey);
    std::vector<std::pair<Waiting, bool>> ready;
    // Taken out first: those who are called may begin to wait anew.
    std::erase_if(m_waiting, [&](Waiting &waiting) {
        if (!waiting.routeKeys.remove(routeKey))
            return false;
        const bool isAnswered = entry && entry->asked >= waiting.since;
        if (isAnswered && !waiting.routeKeys.isEmpty())
            return false;
        ready.emplace_back(std::move(waiting), isAnswered);
        return true;
    });
    for (const auto &[waiting, isComplete] : ready) {
        if (waiting.context)
            waiting.proceed(isComplete);
    }
}

void ModelRouter::takeOver()
{
    const RouteSetPtr before = std::exchange(m_set, m_directory.current());
    if (before == m_set) // Two changes, one after the other: the first call took over both.
        return;
    m_routes = std::make_unique<RouteTable>(m_set->settings);
    makeBackends(before.get());
    const std::vector<Waiting> waiting = std::exchange(m_waiting, {});
    for (const Waiting &one : waiting) {
        if (one.context)
            one.proceed(false);
    }
}

void ModelRouter::makeBackends(const RouteSet *before)
{
    std::vector<std::shared_ptr<ChatBackend>> old = std::exchange(m_backends, {});
    QHash<QString, size_t> indices;
    for (size_t i = 0; i < old.size(); ++i)
        indices.insert(before->settings->routes.at(static_cast<int>(i)).key, i);
    for (const RouteSettings &route : m_set->settings->routes) {
        const auto index = indices.constFind(route.key);
        const RouteSettings *known =
            index == indices.constEnd() ? nullptr : &before->settings->routes.at(static_cast<int>(*index));
        // A local one may be of an engine that was removed meanwhile.
        const bool stays = known && *known == route && route.kind != RouteKind::Local;
        m_backends.push_back(stays ? old.at(*index) : makeBackend(route));
        // Here, as in every lane: what this one may have asked of the route before doesn't count.
        if (known && !listsTheSame(*known, route))
            m_catalogue.forget(route.key.toUtf8());
        indices.remove(route.key);
    }
    for (auto gone = indices.cbegin(); gone != indices.cend(); ++gone)
        m_catalogue.forget(gone.key().toUtf8());
}

std::shared_ptr<ChatBackend> ModelRouter::makeBackend(const RouteSettings &route) const
{
    auto made = m_make(route);
    if (!made)
        return std::make_shared<FailedBackend>(made.error());
    return std::move(*made);
}

} // namespace gatehouse

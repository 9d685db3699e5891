// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/route_search.h"

#include "routing/route_failure.h"

#include <QTimer>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr int mostChanges = 5;
constexpr std::chrono::milliseconds changeTakes{5};

Result<void> checkAllowed(const Caller &caller, const QByteArray &model)
{
    if (!caller.key || mayUse(caller.key->models, model))
        return {};
    return Error{.code = ErrorCode::Forbidden,
                 .message =
                     RouteSearch::tr("This key may not use the model '%1'.").arg(QString::fromUtf8(model)),
                 .param = "model",
                 .reason = "model_not_allowed"};
}

/// Whether another model may help. One that the caller may not use, or has named in a way that is a mistake,
/// isn't replaced behind his back.
bool mayBeReplaced(const Error &error)
{
    return error.code == ErrorCode::ModelNotFound || routeFailure(error) != RouteFailure::None;
}

} // namespace

RouteSearch::RouteSearch(ModelRouter &models, const Clock &clock)
    : m_models(models)
    , m_clock(clock)
{}

void RouteSearch::begin(Errand errand, const QByteArray &model, const QByteArray &routeKey, Done done)
{
    m_errand = std::move(errand);
    m_asked = model;
    m_done = std::move(done);
    m_wanted = {.model = model, .routeKey = routeKey};
    resolve();
}

void RouteSearch::resolve()
{
    m_models.resolve(m_wanted.model, m_wanted.routeKey, this,
                     [this](const Result<ResolvedModel> &resolved) { take(resolved); });
}

void RouteSearch::take(const Result<ResolvedModel> &resolved)
{
    const Result<void> allowed = resolved ? checkAllowed(m_errand.caller, resolved->model) : resolved.error();
    if (!allowed)
        return giveUpModel(allowed.error());
    if (m_tooNarrow > 0 && resolved->contextLength > 0 && resolved->contextLength <= m_tooNarrow)
        return giveUpModel(m_newest);
    m_resolved = *resolved;
    m_tried.clear();
    if (!m_fallbacks)
        m_fallbacks = m_models.fallbacks(m_resolved.model);
    seek();
}

void RouteSearch::seek()
{
    Wish wish{.routes = {},
              .isLastResort = m_fallbacks->isEmpty(),
              .model = m_resolved.model,
              .affinity = m_errand.affinity,
              .payer = m_errand.payer,
              .tokens = m_errand.tokens,
              .waited = m_waited};
    const Candidate *first = nullptr;
    for (const Candidate &candidate : std::as_const(m_resolved.candidates)) {
        if (m_tried.contains(candidate.routeKey))
            continue;
        wish.routes.insert(candidate.routeKey);
        first = first ? first : &candidate;
    }
    if (!first)
        return giveUpModel(m_newest);
    if (m_errand.isEmbedding && first->isLocal)
        return handOver(*first, {});
    m_turn = std::make_unique<Turn>(m_resolved.group, std::move(wish));
    m_turn->take([this](Result<Place> place) { onPlace(std::move(place)); });
    if (m_waitsSince || !m_turn->isWaiting())
        return;
    m_waitsSince = m_clock.now();
    if (!std::exchange(m_hasQueued, true))
        Q_EMIT queued();
}

void RouteSearch::onPlace(Result<Place> place)
{
    if (m_waitsSince)
        m_waited += std::chrono::duration_cast<std::chrono::milliseconds>(m_clock.now() - *m_waitsSince);
    m_waitsSince.reset();
    if (!place && place.error().reason == routeRemoved && m_changes++ < mostChanges) {
        // Somebody changes the routes just now, in another thread.
        QTimer::singleShot(changeTakes, this, &RouteSearch::resolve);
        return;
    }
    if (!place) {
        m_newest = place.error();
        return giveUpModel(m_newest);
    }
    const auto found = std::ranges::find(m_resolved.candidates, place->routeKey(), &Candidate::routeKey);
    Q_ASSERT(found != m_resolved.candidates.end());
    handOver(*found, std::move(*place));
}

void RouteSearch::handOver(const Candidate &candidate, Place place)
{
    if (m_clock.now() >= m_deadline) { // The place was waited for until now.
        place = {};
        return m_done(m_reason.value_or(m_newest));
    }
    m_current = candidate.routeKey;
    if (m_deadline == MonotonicTime::max() && candidate.total.count() > 0)
        m_deadline = m_clock.now() + candidate.total;
    m_done(Found{.place = std::move(place),
                 .candidate = candidate,
                 .model = m_resolved.model,
                 .contextLength = m_resolved.contextLength});
}

void RouteSearch::goOn(const Error &error)
{
    const RouteFailure failure = routeFailure(error);
    m_newest = error;
    m_tried.insert(m_current);
    if (failure == RouteFailure::Broken)
        ++m_handedOver;
    if (failure == RouteFailure::None || !mayAskAgain())
        return m_done(m_reason.value_or(error));
    if (failure != RouteFailure::TooLong)
        return seek();
    m_tooNarrow = std::max(m_tooNarrow, m_resolved.contextLength);
    giveUpModel(error);
}

/// A request that breaks one upstream may break them all.
bool RouteSearch::mayAskAgain() const
{
    return m_handedOver < m_models.attempts() && m_clock.now() < m_deadline;
}

void RouteSearch::giveUpModel(const Error &error)
{
    if (!m_reason)
        m_reason = error;
    // It could not even be resolved. A route that isn't there was named by mistake.
    const bool isRouteMissing = error.code == ErrorCode::ModelNotFound && !m_wanted.routeKey.isEmpty();
    if (!m_fallbacks && mayBeReplaced(error) && !isRouteMissing)
        m_fallbacks = m_models.fallbacks(m_asked, error.code != ErrorCode::ModelNotFound);
    if (!m_fallbacks || m_fallbacks->isEmpty())
        return m_done(*m_reason);
    m_wanted = m_fallbacks->takeFirst();
    resolve();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_standing.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

Error silence()
{
    return {.code = ErrorCode::UpstreamUnreachable,
            .message = QCoreApplication::translate("Routing", "The upstream doesn't answer.")};
}

/// A failure as callers are told it whose requests weren't sent.
Error toldToOthers(const Error &error, RouteFailure failure)
{
    // Nobody is there, or is too slow, or this process has no room: all of that is said by us.
    if (error.code != ErrorCode::UpstreamRejected && error.code != ErrorCode::UpstreamFailed)
        return error;
    const int status = error.upstreamStatus;
    const char *text =
        QT_TRANSLATE_NOOP("Routing", "The upstream failed just now; it will be asked again soon.");
    if (failure == RouteFailure::Busy)
        text = QT_TRANSLATE_NOOP("Routing", "The upstream asked to be left alone (%1).");
    else if (status != 0)
        text =
            QT_TRANSLATE_NOOP("Routing", "The upstream failed just now (%1); it will be asked again soon.");
    const QString message = QCoreApplication::translate("Routing", text);
    return {.code = error.code,
            .message = status != 0 ? message.arg(status) : message,
            .upstreamStatus = status,
            .retryAfter = error.retryAfter};
}

} // namespace

RouteStanding::RouteStanding(const RouteMember &member)
    : m_member(member)
    , m_seed(stableHash(member.key))
    , m_failure(silence())
{}

PoolMember RouteStanding::asPoolMember() const
{
    return {.seed = m_seed,
            .weight = m_member.weight,
            .outstanding = m_outstanding,
            .maxConcurrent = m_member.maxConcurrent};
}

RouteTraffic RouteStanding::traffic(MonotonicTime now) const
{
    return {.key = m_member.key, .circuit = m_breaker.state(now), .outstanding = m_outstanding};
}

const RouteStanding::Rest *RouteStanding::restFor(const Question &question) const
{
    const auto found = std::find_if(m_rests.begin(), m_rests.end(), [&](const Rest &rest) {
        return rest.excuse.until > question.now && (rest.isAskedFor || !question.standsAlone) &&
               rest.model == question.model;
    });
    return found == m_rests.end() ? nullptr : &*found;
}

bool RouteStanding::admits(const Question &question) const
{
    return m_breaker.admits(question.now) && !restFor(question);
}

bool RouteStanding::admitsAtNeed(const Question &question) const
{
    // A lone route that answers, if badly, is no worse to ask than not to ask, for as many as want to.
    const bool mayTry = m_breaker.admitsAtNeed() || (question.standsAlone && !m_breaker.wasUnreachable());
    return mayTry && !restFor(question);
}

RouteStanding::Excuse RouteStanding::excuse(const Question &question) const
{
    if (const Rest *rest = restFor(question))
        return rest->excuse;
    return {.error = m_failure, .since = m_failed, .until = m_breaker.restsUntil()};
}

CircuitBreaker::Trial RouteStanding::begin()
{
    ++m_outstanding;
    return m_breaker.begin();
}

void RouteStanding::failed(const Error &error, const Sent &sent, MonotonicTime now, double chance)
{
    const RouteFailure failure = routeFailure(error);
    m_breaker.failed(failure, sent.trial, now, chance);
    if (failure == RouteFailure::Unreachable || failure == RouteFailure::Broken) {
        m_failure = toldToOthers(error, failure);
        m_failed = now;
    } else if (failure == RouteFailure::Unfit) {
        rest({.model = sent.model,
              .isAskedFor = false,
              .excuse = {.error = toldToOthers(error, failure), .since = now, .until = now + unfitRest}},
             now);
    } else if (failure == RouteFailure::Busy) {
        // What is full in this process may have room in a moment, whatever it says.
        const bool isAskedFor = error.retryAfter && error.code != ErrorCode::Overloaded;
        const auto length = std::clamp<std::chrono::seconds>(error.retryAfter.value_or(busyRest),
                                                             std::chrono::seconds(0), longestBusyRest);
        rest({.model = sent.model,
              .isAskedFor = isAskedFor,
              .excuse = {.error = toldToOthers(error, failure), .since = now, .until = now + length}},
             now);
    }
}

void RouteStanding::rest(Rest rest, MonotonicTime now)
{
    std::erase_if(m_rests, [now](const Rest &old) { return old.excuse.until <= now; });
    const auto known = std::find_if(m_rests.begin(), m_rests.end(),
                                    [&](const Rest &old) { return old.model == rest.model; });
    if (known != m_rests.end()) {
        if (known->isAskedFor && known->excuse.until > rest.excuse.until)
            return; // The late answer to an earlier request.
        m_rests.erase(known);
    } else if (m_rests.size() >= mostRests) {
        m_rests.erase(m_rests.begin());
    }
    m_rests.push_back(std::move(rest));
}

void RouteStanding::probed(bool hasAnswered, MonotonicTime now, double chance)
{
    if (!hasAnswered && m_breaker.state(now) == CircuitBreaker::State::Closed) {
        m_failure = silence();
        m_failed = now;
    }
    m_breaker.probed(hasAnswered, now, chance);
}

} // namespace gatehouse

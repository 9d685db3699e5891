// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/key_counters.h"

#include <algorithm>

namespace gatehouse {

namespace {

qint64 tokensOf(const TokenAsk &ask, qint64 limit)
{
    return ask.prompt + completionToReserve(limit, ask.prompt, ask.completion);
}

} // namespace

TokenAsk makeAsk(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens)
{
    constexpr qint64 most = 1'000'000'000;
    return {.prompt = std::clamp<qint64>(promptTokens, 0, most),
            .completion = std::clamp<qint64>(completionTokens, 0, most),
            .usedBefore = std::max<qint64>(subject.monthlyTokensBefore, 0)};
}

std::optional<Stop> KeyCounters::stopRequest(const KeyLimits &limits, MonotonicTime now)
{
    m_seen = now;
    if (limits.requestsPerHour) {
        if (const auto wait = m_hour.wait(*limits.requestsPerHour, 1, now); wait.count() > 0)
            return Stop{Gate::KeyHour, wait};
    }
    if (limits.requestsPerMinute) {
        if (const auto wait = m_minute.wait(*limits.requestsPerMinute, 1, now); wait.count() > 0)
            return Stop{Gate::KeyMinute, wait};
    }
    return std::nullopt;
}

void KeyCounters::takeRequest(const KeyLimits &limits, MonotonicTime now)
{
    if (limits.requestsPerHour)
        m_hour.take(1, now);
    if (limits.requestsPerMinute)
        m_minute.take(1, now);
}

std::optional<RateFigures::Figure> KeyCounters::requestFigure(const KeyLimits &limits, MonotonicTime now)
{
    std::optional<RateFigures::Figure> minute;
    std::optional<RateFigures::Figure> hour;
    if (limits.requestsPerMinute)
        minute = makeFigure(*limits.requestsPerMinute, m_minute.used(now), m_minute.untilEmpty(now));
    if (limits.requestsPerHour)
        hour = makeFigure(*limits.requestsPerHour, m_hour.used(now), m_hour.untilEmpty(now));
    return tighter(minute, hour);
}

std::optional<Stop> KeyCounters::stopTokens(const KeyLimits &limits, const TokenAsk &ask,
                                            const Moment &moment)
{
    m_seen = moment.now;
    if (limits.tokensPerMinute && ask.prompt > *limits.tokensPerMinute)
        return Stop{Gate::TooLarge, std::chrono::minutes(1)};
    std::optional<Stop> month;
    if (limits.monthlyTokens) {
        m_budget.update(ask.usedBefore, moment.wallNow);
        month = m_budget.stop(*limits.monthlyTokens, ask.prompt, moment.wallNow);
        if (month && month->gate == Gate::Budget)
            return month;
    }
    if (const auto limit = limits.tokensPerMinute) {
        if (const auto wait = m_tokens.wait(*limit, tokensOf(ask, *limit), moment.now); wait.count() > 0)
            return Stop{Gate::TokensPerMinute, wait};
    }
    if (month)
        return month;
    if (limits.maxConcurrent && !m_running.hasPlace(*limits.maxConcurrent))
        return Stop{Gate::Concurrency, unknownWait};
    return std::nullopt;
}

KeyHold KeyCounters::reserve(const KeyLimits &limits, const TokenAsk &ask, MonotonicTime now)
{
    KeyHold hold;
    m_running.take();
    if (const auto limit = limits.tokensPerMinute)
        hold.tokens = m_tokens.reserve(tokensOf(ask, *limit), now);
    if (const auto limit = limits.monthlyTokens)
        hold.budget = m_budget.reserve(*limit, ask.prompt, ask.completion);
    return hold;
}

void KeyCounters::settle(const KeyHold &hold, qint64 used, const Moment &moment)
{
    m_seen = moment.now;
    m_running.release();
    if (hold.tokens)
        m_tokens.settle(*hold.tokens, used, moment.now);
    if (hold.budget)
        m_budget.settle(*hold.budget, used, moment.wallNow);
}

std::optional<RateFigures::Figure> KeyCounters::tokenFigure(const KeyLimits &limits, const Moment &moment)
{
    std::optional<RateFigures::Figure> minute;
    std::optional<RateFigures::Figure> month;
    if (limits.tokensPerMinute)
        minute =
            makeFigure(*limits.tokensPerMinute, m_tokens.used(moment.now), m_tokens.untilEmpty(moment.now));
    if (limits.monthlyTokens)
        month = makeFigure(*limits.monthlyTokens, m_budget.taken(), untilNextMonth(moment.wallNow));
    return tighter(minute, month);
}

bool KeyCounters::isForgettable(MonotonicTime now) const
{
    return m_running.held() == 0 && now - m_seen > std::chrono::hours(1);
}

} // namespace gatehouse

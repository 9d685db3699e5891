// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/fallback_limiter.h"

#include <QPointer>

namespace gatehouse {

FallbackLimiter::FallbackLimiter(std::unique_ptr<RedisLimiter> redis, MemoryLimits &limits, Log &log)
    : m_memory(limits)
    , m_redis(std::move(redis))
{
    QObject::connect(m_redis.get(), &RedisLimiter::down, m_redis.get(), [this, &log](const QByteArray &why) {
        m_wasDown = true;
        log.warning("redis gone, limits are local", {{"reason", why}});
    });
    QObject::connect(m_redis.get(), &RedisLimiter::up, m_redis.get(), [this, &log] {
        if (std::exchange(m_wasDown, false))
            log.info("redis is back");
    });
    m_redis->start();
}

// Whoever asked and has gone by the time of the answer needs none, not even from memory. A reservation that
// comes too late is dropped, which settles it with nothing used.
void FallbackLimiter::admit(const LimitSubject &subject, QObject *context,
                            std::function<void(Decision<Admitted>)> decided)
{
    if (!m_redis->isUsable())
        return m_memory.admit(subject, context, std::move(decided));
    const QPointer<QObject> asker(context);
    m_redis->admit(subject, [this, subject, asker, decided](std::optional<Decision<Admitted>> decision) {
        if (!asker)
            return;
        if (!decision)
            return m_memory.admit(subject, asker, decided);
        decided(*std::move(decision));
    });
}

void FallbackLimiter::reserve(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens,
                              QObject *context, std::function<void(Decision<Reserved>)> decided)
{
    if (!m_redis->isUsable())
        return m_memory.reserve(subject, promptTokens, completionTokens, context, std::move(decided));
    const QPointer<QObject> asker(context);
    const TokenAsk ask = makeAsk(subject, promptTokens, completionTokens);
    m_redis->reserve(subject, ask,
                     [this, subject, ask, asker, decided](std::optional<Decision<Reserved>> decision) {
                         if (!asker)
                             return;
                         if (!decision)
                             return m_memory.reserve(subject, ask.prompt, ask.completion, asker, decided);
                         decided(*std::move(decision));
                     });
}

} // namespace gatehouse

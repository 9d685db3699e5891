// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/make_limiter.h"

#include "admission/limits/fallback_limiter.h"

namespace gatehouse {

std::unique_ptr<Limiter> makeLimiter(const RedisSettings &settings, MemoryLimits &limits, Log &log)
{
    if (!settings.enabled)
        return std::make_unique<MemoryLimiter>(limits);
    auto target = parseRedisUrl(settings.url);
    if (!target) {
        log.error("redis unusable, limits are local", {{"reason", target.error().message.toUtf8()}});
        return std::make_unique<MemoryLimiter>(limits);
    }
    auto redis = std::make_unique<RedisLimiter>(
        *std::move(target), [&limits] { return limits.settings(); }, RedisLimiter::Options{});
    return std::make_unique<FallbackLimiter>(std::move(redis), limits, log);
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/memory_limiter.h"
#include "admission/limits/redis_limiter.h"
#include "base/log.h"

namespace gatehouse {

/// Redis' counters while it answers, this process' own while it doesn't: what Redis leaves undecided is
/// decided here, at once, and the log tells each change. A reservation is settled where it was made. The two
/// know nothing of each other's counts, so a limit may be reached twice when Redis goes or comes back; the
/// month's is held by what the ledger knows.
class FallbackLimiter final : public Limiter
{
public:
    /// `limits` and `log` outlive this and its reservations.
    FallbackLimiter(std::unique_ptr<RedisLimiter> redis, MemoryLimits &limits, Log &log);

    void admit(const LimitSubject &subject, QObject *context,
               std::function<void(Decision<Admitted>)> decided) override;
    void reserve(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens, QObject *context,
                 std::function<void(Decision<Reserved>)> decided) override;

private:
    MemoryLimiter m_memory;
    bool m_wasDown = false;
    std::unique_ptr<RedisLimiter> m_redis; ///< Last: what is in flight at its end goes to memory.
};

} // namespace gatehouse

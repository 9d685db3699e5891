// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/memory_limits.h"

namespace gatehouse {

/// The limits of one lane on this process' counters. Decides at once: `decided` is called before admit() and
/// reserve() return.
class MemoryLimiter final : public Limiter
{
public:
    /// `limits` outlives this and its reservations.
    explicit MemoryLimiter(MemoryLimits &limits);

    void admit(const LimitSubject &subject, QObject *context,
               std::function<void(Decision<Admitted>)> decided) override;
    void reserve(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens, QObject *context,
                 std::function<void(Decision<Reserved>)> decided) override;

private:
    MemoryLimits &m_limits;
};

} // namespace gatehouse

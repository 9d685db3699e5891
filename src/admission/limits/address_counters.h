// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/address_block.h"
#include "admission/limits/gate.h"
#include "admission/limits/sliding_window.h"
#include "admission/limits/token_bucket.h"

#include <memory>

namespace gatehouse {

/// What is remembered of one address. Not thread-safe.
class AddressCounters
{
public:
    [[nodiscard]] std::optional<Stop> stop(const LimitSettings &settings, MonotonicTime now);
    void take(const LimitSettings &settings, MonotonicTime now);
    /// A request of this address was stopped, here or by its key; what to tell it, because a block may begin.
    [[nodiscard]] Stop refuse(const Stop &stop, const LimitSettings &settings, MonotonicTime now);
    [[nodiscard]] std::optional<RateFigures::Figure> figure(const LimitSettings &settings, MonotonicTime now);

private:
    TokenBucket m_burst;
    SlidingWindow m_minute{std::chrono::minutes(1)};
    std::unique_ptr<AddressBlock> m_block; ///< Null as for most addresses: never refused.
};

} // namespace gatehouse

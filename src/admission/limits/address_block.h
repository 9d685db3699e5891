// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/sliding_window.h"
#include "config/settings.h"

namespace gatehouse {

/// Shuts an address out that goes on asking after it was refused: LimitSettings::blockAfter refusals in a
/// minute begin a block of `blockFor`, each further one is twice as long, up to `longestBlock`. What comes
/// during a block is refused and not counted. An address that was not refused for as long as its last block
/// was (counted from the block's end) begins anew. Not thread-safe.
class AddressBlock
{
public:
    /// How long the block lasts; zero: there is none.
    [[nodiscard]] std::chrono::milliseconds wait(MonotonicTime now) const;
    /// Some other gate refused a request; a block may begin thereby.
    void refused(const LimitSettings &settings, MonotonicTime now);

private:
    SlidingWindow m_refusals{std::chrono::minutes(1)};
    MonotonicTime m_until{};
    MonotonicTime m_forgivenAt{};
    std::chrono::milliseconds m_length{}; ///< Of the last block; zero: none that counts.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <array>
#include <atomic>
#include <chrono>

namespace gatehouse {

/// How many things took how long, for quantiles within bounded memory: geometric buckets, eight for each
/// doubling, from a microsecond to some 71 minutes; what is longer counts as that. Thread-safe without a
/// lock: a reader may miss what is being counted just then.
class DurationHistogram
{
public:
    void count(std::chrono::nanoseconds duration);

    /// The time that a share (0…1) did not exceed, at most 4.5 % off; 0 as long as nothing was counted.
    [[nodiscard]] double quantileMs(double share) const;

private:
    static constexpr int bucketsPerDoubling = 8;
    static constexpr int bucketCount = 32 * bucketsPerDoubling + 1;
    std::array<std::atomic<qint64>, bucketCount> m_counts{};
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <array>

namespace gatehouse {

/// Which of the histogram's geometric buckets a time falls in: 0 below 10 µs, then each reaches 1.2 times as
/// far as the one before it. Anything beyond some 27 hours is in the last.
inline constexpr int latencyBucketCount = 128;
[[nodiscard]] int latencyBucket(double ms);

/// What stands for the times in a bucket: its geometric middle, at most 9.6 % off each of them.
[[nodiscard]] double latencyOfBucket(int bucket);

/// How many requests took how long. A value.
class LatencyHistogram
{
public:
    /// Buckets outside the range are left out.
    void add(int bucket, qint64 requests);
    /// The time that a share (0…1) of the requests did not exceed; 0 without requests.
    [[nodiscard]] double quantileMs(double share) const;

private:
    std::array<qint64, latencyBucketCount> m_counts{};
    qint64 m_total = 0;
};

} // namespace gatehouse

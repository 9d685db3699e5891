// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/duration_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gatehouse {

void DurationHistogram::count(std::chrono::nanoseconds duration)
{
    const double microseconds = std::chrono::duration<double, std::micro>(duration).count();
    const double doublings = microseconds > 1 ? std::log2(microseconds) : 0;
    const int bucket = std::min(bucketCount - 1, static_cast<int>(doublings * bucketsPerDoubling));
    m_counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
}

double DurationHistogram::quantileMs(double share) const
{
    std::array<qint64, bucketCount> counts{};
    std::transform(m_counts.begin(), m_counts.end(), counts.begin(),
                   [](const auto &count) { return count.load(std::memory_order_relaxed); });
    const qint64 total = std::accumulate(counts.begin(), counts.end(), qint64(0));
    if (total == 0)
        return 0;
    const double rank = std::max(1.0, std::ceil(share * static_cast<double>(total)));
    qint64 passed = 0;
    std::size_t bucket = 0;
    while (bucket + 1 < counts.size() && static_cast<double>(passed += counts[bucket]) < rank)
        ++bucket;
    // The bucket's geometric middle.
    return std::exp2((static_cast<double>(bucket) + 0.5) / bucketsPerDoubling) / 1000;
}

} // namespace gatehouse

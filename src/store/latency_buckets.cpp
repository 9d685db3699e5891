// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/latency_buckets.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

constexpr double growth = 1.2; // The square root of it is how far the middle is off.
constexpr double firstMs = 0.01;

} // namespace

int latencyBucket(double ms)
{
    if (!(ms >= firstMs)) // NaN too.
        return 0;
    static const double perBucket = 1 / std::log(growth);
    const double steps = std::log(ms / firstMs) * perBucket;
    return steps >= latencyBucketCount - 2 ? latencyBucketCount - 1 : static_cast<int>(steps) + 1;
}

double latencyOfBucket(int bucket)
{
    return bucket <= 0 ? 0 : firstMs * std::pow(growth, bucket - 0.5);
}

void LatencyHistogram::add(int bucket, qint64 requests)
{
    if (bucket < 0 || bucket >= latencyBucketCount)
        return;
    m_counts[static_cast<std::size_t>(bucket)] += requests;
    m_total += requests;
}

double LatencyHistogram::quantileMs(double share) const
{
    const qint64 rank = std::max<qint64>(1, std::llround(std::ceil(share * static_cast<double>(m_total))));
    qint64 passed = 0;
    for (int bucket = 0; bucket < latencyBucketCount; ++bucket) {
        passed += m_counts[static_cast<std::size_t>(bucket)];
        if (passed >= rank)
            return latencyOfBucket(bucket);
    }
    return 0;
}

} // namespace gatehouse

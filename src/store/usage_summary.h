// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/latency_buckets.h"
#include "store/ledger_row.h"

#include <map>

namespace gatehouse {

/// What can be added up of requests.
struct UsageSums
{
    qint64 requests = 0;
    qint64 errors = 0;
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    qint64 cachedTokens = 0;
    double responseMs = 0;

    UsageSums &operator+=(const UsageSums &other);
};

/// Adds up roll-ups by day and by model. Days and models are given by number; those that get no sums are
/// left out of the result.
class UsageSummary
{
public:
    void addSums(qint64 day, qint64 modelNumber, const QByteArray &model, const UsageSums &sums);
    void addLatency(qint64 day, qint64 modelNumber, int bucket, qint64 requests);
    [[nodiscard]] UsageStats result() const;

private:
    struct Part
    {
        UsageSums sums;
        LatencyHistogram latency;
        QByteArray model; ///< Only in m_models.
        [[nodiscard]] UsageFigures figures() const;
    };
    Part m_total;
    std::map<qint64, Part> m_days;
    std::map<qint64, Part> m_models;
};

} // namespace gatehouse

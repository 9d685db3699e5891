// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/usage_summary.h"

#include <algorithm>

namespace gatehouse {

namespace {

QByteArray dateOfDay(qint64 day)
{
    using namespace std::chrono;
    const year_month_day date(sys_days(days(static_cast<int>(day))));
    return QStringLiteral("%1-%2-%3")
        .arg(static_cast<int>(date.year()), 4, 10, QChar(u'0'))
        .arg(static_cast<unsigned>(date.month()), 2, 10, QChar(u'0'))
        .arg(static_cast<unsigned>(date.day()), 2, 10, QChar(u'0'))
        .toLatin1();
}

} // namespace

UsageSums &UsageSums::operator+=(const UsageSums &other)
{
    requests += other.requests;
    errors += other.errors;
    promptTokens += other.promptTokens;
    completionTokens += other.completionTokens;
    cachedTokens += other.cachedTokens;
    responseMs += other.responseMs;
    return *this;
}

UsageFigures UsageSummary::Part::figures() const
{
    return {.requests = sums.requests,
            .errors = sums.errors,
            .promptTokens = sums.promptTokens,
            .completionTokens = sums.completionTokens,
            .cachedTokens = sums.cachedTokens,
            .meanMs = sums.requests > 0 ? sums.responseMs / static_cast<double>(sums.requests) : 0,
            .p50Ms = latency.quantileMs(0.5),
            .p95Ms = latency.quantileMs(0.95)};
}

void UsageSummary::addSums(qint64 day, qint64 modelNumber, const QByteArray &model, const UsageSums &sums)
{
    m_total.sums += sums;
    m_days[day].sums += sums;
    if (model.isEmpty())
        return;
    Part &part = m_models[modelNumber];
    part.model = model;
    part.sums += sums;
}

void UsageSummary::addLatency(qint64 day, qint64 modelNumber, int bucket, qint64 requests)
{
    m_total.latency.add(bucket, requests);
    if (const auto part = m_days.find(day); part != m_days.end())
        part->second.latency.add(bucket, requests);
    if (const auto part = m_models.find(modelNumber); part != m_models.end())
        part->second.latency.add(bucket, requests);
}

UsageStats UsageSummary::result() const
{
    UsageStats stats{.total = m_total.figures()};
    for (const auto &[day, part] : m_days)
        stats.days.append({.date = dateOfDay(day), .figures = part.figures()});
    for (const auto &[number, part] : m_models)
        stats.models.append({.model = part.model, .figures = part.figures()});
    std::ranges::stable_sort(stats.models, std::ranges::greater(),
                             [](const UsageStats::Model &model) { return model.figures.requests; });
    return stats;
}

} // namespace gatehouse

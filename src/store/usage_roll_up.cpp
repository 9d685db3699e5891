// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/usage_roll_up.h"

#include "store/latency_buckets.h"
#include "store/row_insert.h"
#include "store/usage_summary.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace gatehouse {

namespace {

constexpr qint64 everyKey = 0;
constexpr qint64 unknownName = -1;
constexpr qsizetype mostNames = 10'000; // A cache, so that nobody fills the memory with names.

const RowInsert &dailyInsert()
{
    static const RowInsert insert(
        QStringLiteral("INSERT INTO gatehouse_usage_daily (key_number, day, model_number, requests, errors,"
                       " prompt_tokens, completion_tokens, cached_tokens, response_ms)"),
        9,
        QStringLiteral(
            "ON CONFLICT (key_number, day, model_number) DO UPDATE SET"
            " requests = gatehouse_usage_daily.requests + excluded.requests,"
            " errors = gatehouse_usage_daily.errors + excluded.errors,"
            " prompt_tokens = gatehouse_usage_daily.prompt_tokens + excluded.prompt_tokens,"
            " completion_tokens = gatehouse_usage_daily.completion_tokens + excluded.completion_tokens,"
            " cached_tokens = gatehouse_usage_daily.cached_tokens + excluded.cached_tokens,"
            " response_ms = gatehouse_usage_daily.response_ms + excluded.response_ms"));
    return insert;
}

const RowInsert &latencyInsert()
{
    static const RowInsert insert(
        QStringLiteral(
            "INSERT INTO gatehouse_usage_latency (key_number, day, model_number, bucket, requests)"),
        5,
        QStringLiteral("ON CONFLICT (key_number, day, model_number, bucket) DO UPDATE SET"
                       " requests = gatehouse_usage_latency.requests + excluded.requests"));
    return insert;
}

} // namespace

// What one row adds, or several that fall together.
struct UsageRollUp::Share
{
    qint64 key = 0;
    qint64 day = 0;
    qint64 model = 0;
    int bucket = 0;
    UsageSums sums;

    [[nodiscard]] auto dailyKey() const { return std::tie(day, key, model); }
    [[nodiscard]] auto latencyKey() const { return std::tie(day, key, model, bucket); }
};

Result<void> UsageRollUp::add(std::span<const LedgerRow> rows)
{
    auto shares = sharesOf(rows);
    if (!shares)
        return std::move(shares).error();
    // Each in one order everywhere, or two processes on one PostgreSQL would wait for each other's rows.
    std::ranges::sort(*shares, {}, &Share::latencyKey);
    std::vector<SqlCell> daily;
    std::vector<SqlCell> latency;
    for (auto share = shares->cbegin(); share != shares->cend();) {
        Share day = *share;
        day.sums = {};
        while (share != shares->cend() && share->dailyKey() == day.dailyKey()) {
            Share bucket = *share++;
            for (; share != shares->cend() && share->latencyKey() == bucket.latencyKey(); ++share)
                bucket.sums += share->sums;
            latency.insert(latency.end(),
                           {day.key, day.day, day.model, qint64(bucket.bucket), bucket.sums.requests});
            day.sums += bucket.sums;
        }
        daily.insert(daily.end(),
                     {day.key, day.day, day.model, day.sums.requests, day.sums.errors, day.sums.promptTokens,
                      day.sums.completionTokens, day.sums.cachedTokens, day.sums.responseMs});
    }
    auto done = dailyInsert().run(m_database, daily);
    return done ? latencyInsert().run(m_database, latency) : done;
}

Result<std::vector<UsageRollUp::Share>> UsageRollUp::sharesOf(std::span<const LedgerRow> rows)
{
    std::vector<Share> shares;
    shares.reserve(2 * rows.size());
    for (const LedgerRow &row : rows) {
        const auto key = numberOf(row.keyId);
        if (!key)
            return key.error();
        const auto model = numberOf(row.model);
        if (!model)
            return model.error();
        Share share{.key = *key,
                    .day = dayOf(row.at),
                    .model = *model,
                    .bucket = latencyBucket(row.responseMs),
                    .sums = {.requests = 1,
                             .errors = row.status >= 400 ? 1 : 0,
                             .promptTokens = row.promptTokens,
                             .completionTokens = row.completionTokens,
                             .cachedTokens = row.cachedTokens,
                             .responseMs = row.responseMs}};
        shares.push_back(share);
        share.key = everyKey;
        shares.push_back(share);
    }
    return shares;
}

Result<qint64> UsageRollUp::numberOf(const QByteArray &name)
{
    if (const auto known = m_names.constFind(name); known != m_names.cend())
        return *known;
    auto number = findNumber(name);
    if (number && *number == unknownName) {
        // Another process may have put it there meanwhile.
        auto done = m_database.run(
            QStringLiteral(
                "INSERT INTO gatehouse_usage_names (name) VALUES (?) ON CONFLICT (name) DO NOTHING"),
            {QString::fromUtf8(name)});
        if (!done)
            return std::move(done).error();
        number = findNumber(name);
    }
    if (number) {
        if (m_names.size() >= mostNames)
            m_names.clear();
        m_names.insert(name, *number);
    }
    return number;
}

Result<qint64> UsageRollUp::findNumber(const QByteArray &name)
{
    auto query = m_database.run(QStringLiteral("SELECT number FROM gatehouse_usage_names WHERE name = ?"),
                                {QString::fromUtf8(name)});
    if (!query)
        return std::move(query).error();
    return (*query)->next() ? (*query)->value(0).toLongLong() : unknownName;
}

Result<UsageStats> UsageRollUp::stats(const LedgerFilter &filter)
{
    QString where = QStringLiteral(
        "WHERE key_number = ? AND day IN (SELECT day FROM gatehouse_ledger_days WHERE day BETWEEN ? AND ?)");
    QVariantList values;
    const auto key = filter.keyId ? findNumber(*filter.keyId) : Result<qint64>(everyKey);
    if (!key)
        return key.error();
    const qint64 lastMoment = std::numeric_limits<qint32>::max();
    values << *key << (filter.from ? dayOf(*filter.from) : -lastMoment)
           << (filter.to ? dayOf(*filter.to - std::chrono::milliseconds(1)) : lastMoment);
    if (filter.model) {
        const auto model = findNumber(*filter.model);
        if (!model)
            return model.error();
        where += QStringLiteral(" AND model_number = ?");
        values << *model;
    }

    auto daily = m_database.run(
        QStringLiteral("SELECT day, model_number, name, requests, errors, prompt_tokens,"
                       " completion_tokens, cached_tokens, response_ms"
                       " FROM gatehouse_usage_daily JOIN gatehouse_usage_names ON number = model_number ") +
            where,
        values);
    if (!daily)
        return std::move(daily).error();
    UsageSummary summary;
    for (QSqlQuery &row = **daily; row.next();) {
        summary.addSums(row.value(0).toLongLong(), row.value(1).toLongLong(),
                        row.value(2).toString().toUtf8(),
                        {.requests = row.value(3).toLongLong(),
                         .errors = row.value(4).toLongLong(),
                         .promptTokens = row.value(5).toLongLong(),
                         .completionTokens = row.value(6).toLongLong(),
                         .cachedTokens = row.value(7).toLongLong(),
                         .responseMs = row.value(8).toDouble()});
    }
    auto latency = m_database.run(
        QStringLiteral("SELECT day, model_number, bucket, requests FROM gatehouse_usage_latency ") + where,
        values);
    if (!latency)
        return std::move(latency).error();
    for (QSqlQuery &row = **latency; row.next();)
        summary.addLatency(row.value(0).toLongLong(), row.value(1).toLongLong(), row.value(2).toInt(),
                           row.value(3).toLongLong());
    return summary.result();
}

Result<QHash<QByteArray, qint64>> UsageRollUp::tokensInMonth(WallTime at)
{
    using namespace std::chrono;
    const year_month_day date(floor<days>(at));
    const sys_days first = date.year() / date.month() / 1;
    const sys_days last = date.year() / date.month() / std::chrono::last;
    auto query = m_database.run(
        QStringLiteral("SELECT name, CAST(SUM(prompt_tokens + completion_tokens) AS BIGINT)"
                       " FROM gatehouse_usage_daily JOIN gatehouse_usage_names ON number = key_number"
                       " WHERE day BETWEEN ? AND ? GROUP BY name"),
        {static_cast<qint64>(first.time_since_epoch().count()),
         static_cast<qint64>(last.time_since_epoch().count())});
    if (!query)
        return std::move(query).error();
    QHash<QByteArray, qint64> tokens;
    while ((*query)->next())
        tokens.insert((*query)->value(0).toString().toUtf8(), (*query)->value(1).toLongLong());
    return tokens;
}

} // namespace gatehouse

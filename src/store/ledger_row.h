// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QList>

#include <optional>

namespace gatehouse {

/// What the ledger keeps of one request. A value; the store cuts every text at 256 bytes.
struct LedgerRow
{
    WallTime at{}; ///< When the request began.
    QByteArray requestId;
    QByteArray keyId; ///< Caller::keyId; empty: nobody was let in.
    QByteArray method;
    QByteArray endpoint; ///< The route's pattern.
    int status = 0;      ///< 499: the caller went away first.
    QByteArray error;    ///< errorCodeName(), `cancelled`, or empty.
    QByteArray model;    ///< Empty where no model was asked.
    QByteArray route;
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    qint64 cachedTokens = 0;
    bool tokensEstimated = false;            ///< Counted here, because the upstream didn't.
    std::optional<double> firstTokenMs = {}; ///< From handing over to the first token.
    double responseMs = 0;                   ///< From the request's first byte to its end.
    friend bool operator==(const LedgerRow &, const LedgerRow &) = default;
};

/// Which part of the ledger a question is about. Unset: all.
struct LedgerFilter
{
    std::optional<QByteArray> keyId = {};
    std::optional<WallTime> from = {}; ///< Included; for statistics, the whole day (UTC) it falls in.
    std::optional<WallTime> to = {};   ///< Excluded; likewise.
    std::optional<QByteArray> model = {};
    std::optional<QByteArray> endpoint = {}; ///< For requests only.
    std::optional<int> status = {};          ///< For requests only: one status, or 4 and 5 for a class.
};

/// One page of the request log, newest first.
struct RequestPage
{
    struct Entry
    {
        qint64 number = 0; ///< Rises with time; what `before` takes.
        LedgerRow row;
    };
    QList<Entry> entries;
    bool hasMore = false;
};

/// The figures of /api/stats over some requests.
struct UsageFigures
{
    qint64 requests = 0;
    qint64 errors = 0; ///< Status 400 and up, 499 included.
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    qint64 cachedTokens = 0;
    double meanMs = 0;
    double p50Ms = 0; ///< From a histogram: within 10 % of the truth.
    double p95Ms = 0;
};

struct UsageStats
{
    struct Day
    {
        QByteArray date; ///< `2026-11-21`, UTC.
        UsageFigures figures;
    };
    struct Model
    {
        QByteArray model;
        UsageFigures figures;
    };
    UsageFigures total;
    QList<Day> days;     ///< Oldest first; days without requests are left out.
    QList<Model> models; ///< Most requests first; requests without a model are in `total` and `days` only.
};

} // namespace gatehouse

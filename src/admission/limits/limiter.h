// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "store/key_record.h"

#include <QHostAddress>
#include <QObject>

#include <functional>
#include <memory>
#include <optional>

namespace gatehouse {

/// Whom the limits are asked about.
struct LimitSubject
{
    QHostAddress address; ///< Null: no gate for addresses (several unknown ones must not share).
    std::shared_ptr<const KeyRecord> key; ///< Null: no gate for keys.
    qint64 monthlyTokensBefore = 0;       ///< What the ledger knew of this month's tokens of the key.
};

/// What `x-ratelimit-*` tells (contract §4): the tightest bound of its kind after this request was counted.
struct RateFigures
{
    struct Figure
    {
        qint64 limit = 0;
        qint64 remaining = 0;
        std::chrono::seconds reset{}; ///< Until `remaining` is `limit` again if nothing more is asked.
    };
    std::optional<Figure> requests = {};
    std::optional<Figure> tokens = {};
};

/// A refusal with the figures that go with it.
struct Refusal
{
    Error error; ///< RateLimited, with retryAfter; `reason` names the gate (`rate_limit_exceeded`,
                 ///< `insufficient_quota` …).
    RateFigures figures;
};

/// One request to a model that was admitted: it holds a place of its key's concurrency and a reservation of
/// tokens until it is settled. Exactly once: by settle(), or by the destructor with nothing used. Lives in
/// the thread of its limiter, and may outlive it.
class Reservation
{
public:
    virtual ~Reservation() = default;
    /// `tokens`: prompt and completion, what was really used.
    virtual void settle(qint64 tokens) = 0;
};

struct Admitted
{
    RateFigures figures; ///< Of requests only.
};
struct Reserved
{
    RateFigures figures;                      ///< Of tokens only.
    std::unique_ptr<Reservation> reservation; ///< Never null.
};
template <typename T>
using Decision = std::variant<T, Refusal>;

/// The limits of addresses and keys. One object a lane, in its thread; the counters behind it are shared by
/// the lanes (MemoryLimits) or by several processes (RedisLimiter). A decision is made at once or later; in
/// both cases `decided` is called exactly once, unless `context` has gone first (what was counted for it by
/// then is given back where it can be). `context` is never null, and lives in the limiter's thread; the
/// limiter is not destroyed inside `decided`.
class Limiter
{
public:
    virtual ~Limiter() = default;

    /// Each request once: bursts and windows of the address, then requests an hour and a minute of the key.
    virtual void admit(const LimitSubject &subject, QObject *context,
                       std::function<void(Decision<Admitted>)> decided) = 0;

    /// Each request to a model once, after admit(): the key's concurrency, tokens a minute, monthly budget.
    /// `promptTokens` is an estimate; `completionTokens` what the caller asked for at most.
    virtual void reserve(const LimitSubject &subject, qint64 promptTokens, qint64 completionTokens,
                         QObject *context, std::function<void(Decision<Reserved>)> decided) = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_limiter.h"

#include "admission/limits/address_key.h"
#include "admission/limits/free_reservation.h"

#include <QPointer>
#include <QRandomGenerator>

#include <algorithm>
#include <cmath>

namespace gatehouse {

/// What a request holds in Redis until it is settled.
struct RedisLimiter::Hold
{
    QByteArrayList keys;
    QByteArray lease;   ///< Empty: none.
    qint64 moment = -1; ///< −1: nothing of the minute.
    qint64 run = 0;
    qint64 minuteTokens = 0;
    qint64 month = -1; ///< −1: nothing of the month.
};

class RedisReservation final : public Reservation
{
public:
    RedisReservation(RedisLimiter *limiter, RedisLimiter::Hold hold)
        : m_limiter(limiter)
        , m_hold(std::move(hold))
    {}
    ~RedisReservation() override { settle(0); }
    RedisReservation(const RedisReservation &) = delete;
    RedisReservation &operator=(const RedisReservation &) = delete;

    void settle(qint64 tokens) override
    {
        if (m_limiter)
            m_limiter->settle(m_hold, std::max<qint64>(tokens, 0));
        m_limiter.clear();
    }

private:
    QPointer<RedisLimiter> m_limiter; ///< Null: settled, or it is gone.
    const RedisLimiter::Hold m_hold;
};

namespace {

QByteArray number(qint64 value)
{
    return QByteArray::number(value);
}

/// As the scripts want a bound that may not be there.
QByteArray number(const std::optional<qint64> &limit)
{
    return number(limit ? std::max<qint64>(*limit, 0) : -1);
}

/// An address' part of a key's name.
QByteArray addressName(const QHostAddress &address)
{
    return "gatehouse:address:" + QByteArray::number(addressKey(address), 16);
}

QByteArray microsecondsAToken(const LimitSettings &settings)
{
    if (settings.requestsPerSecond <= 0)
        return "0";
    return number(std::max<qint64>(std::llround(1e6 / std::max(settings.requestsPerSecond, 1e-6)), 1));
}

bool hasRequestGates(const KeyRecord *key)
{
    return key && (key->limits.requestsPerHour || key->limits.requestsPerMinute);
}

bool hasTokenGates(const KeyRecord *key)
{
    return key && (key->limits.tokensPerMinute || key->limits.monthlyTokens || key->limits.maxConcurrent);
}

/// What every script of a decision begins its answer with.
struct Head
{
    std::optional<Stop> stop;
    std::optional<RateFigures::Figure> figure;
};

Head headOf(const RedisConnection::Reply &reply)
{
    Head head;
    if (reply[0] > 0)
        head.stop = Stop{static_cast<Gate>(reply[0]), std::chrono::milliseconds(reply[1])};
    if (reply[2] >= 0)
        head.figure = makeFigure(reply[2], reply[3], std::chrono::milliseconds(reply[4]));
    return head;
}

QByteArray wanted(const std::optional<qint64> &limit, const TokenAsk &ask)
{
    return number(limit ? ask.prompt + completionToReserve(*limit, ask.prompt, ask.completion) : 0);
}

} // namespace

RedisLimiter::RedisLimiter(RedisTarget target, std::function<std::shared_ptr<const LimitSettings>()> settings,
                           const Options &options)
    : m_settings(std::move(settings))
    , m_options(options)
    , m_name(QByteArray::number(QRandomGenerator::system()->generate64(), 16))
    , m_renewal(this)
    , m_connection(std::make_unique<RedisConnection>(std::move(target), options.times))
{
    connect(m_connection.get(), &RedisConnection::up, this, &RedisLimiter::up);
    connect(m_connection.get(), &RedisConnection::down, this, &RedisLimiter::down);
    connect(&m_renewal, &QTimer::timeout, this, &RedisLimiter::renewLeases);
    m_renewal.start(options.lease / 3);
}

RedisLimiter::~RedisLimiter() = default;

void RedisLimiter::admit(const LimitSubject &subject, const Answered<Admitted> &answered)
{
    const auto settings = m_settings();
    const KeyRecord *key = subject.key.get();
    const bool hasAddress = isLimited(subject.address, *settings) &&
                            (settings->requestsPerSecond > 0 || settings->requestsPerMinute > 0 ||
                             (settings->blockAfter > 0 && hasRequestGates(key)));
    if (!hasAddress && !hasRequestGates(key))
        return answered(Decision<Admitted>(Admitted{}));
    static const KeyLimits unlimited;
    const KeyLimits &limits = key ? key->limits : unlimited;
    const QByteArray none = "gatehouse:";
    const auto milliseconds = [](std::chrono::milliseconds span) {
        return number(span.count());
    };
    m_connection->run(redis::admitScript(),
                      {hasAddress ? addressName(subject.address) : none,
                       hasRequestGates(key) ? "gatehouse:key:" + key->id : none},
                      {now(), microsecondsAToken(*settings), number(std::max(settings->burst, 1)),
                       number(std::max(settings->requestsPerMinute, 0)), number(settings->blockAfter),
                       milliseconds(settings->blockFor), milliseconds(settings->longestBlock),
                       number(limits.requestsPerHour), number(limits.requestsPerMinute)},
                      [answered](const RedisConnection::Reply *reply) {
                          if (!reply || reply->size() != 5)
                              return answered(std::nullopt);
                          const Head head = headOf(*reply);
                          if (head.stop)
                              return answered(
                                  Decision<Admitted>(makeRefusal(*head.stop, {.requests = head.figure})));
                          answered(Decision<Admitted>(Admitted{{.requests = head.figure}}));
                      });
}

void RedisLimiter::reserve(const LimitSubject &subject, const TokenAsk &ask,
                           const Answered<Reserved> &answered)
{
    const KeyRecord *key = subject.key.get();
    if (!hasTokenGates(key))
        return answered(Decision<Reserved>(Reserved{.reservation = std::make_unique<FreeReservation>()}));
    const KeyLimits &limits = key->limits;
    const QByteArray lease = makeLeaseName();
    const QByteArray minuteTokens = wanted(limits.tokensPerMinute, ask);
    Hold hold{
        .keys = {"gatehouse:key:" + key->id, "gatehouse:leases:" + key->id, "gatehouse:month:" + key->id},
        .minuteTokens = minuteTokens.toLongLong()};
    const bool hasMonth = limits.monthlyTokens.has_value();
    const bool hasLease = hasMonth || limits.maxConcurrent;
    const auto decide = [this, answered, hold, lease, hasMonth,
                         hasLease](const RedisConnection::Reply *reply) mutable {
        if (!reply || reply->size() != 9)
            return answered(std::nullopt);
        const Head head = headOf(*reply);
        if (head.stop)
            return answered(Decision<Reserved>(makeRefusal(*head.stop, {.tokens = head.figure})));
        hold.moment = (*reply)[5];
        hold.run = (*reply)[6];
        if (hasMonth)
            hold.month = (*reply)[8];
        if (hasLease) {
            hold.lease = lease + ' ' + number((*reply)[7]) + ' ' + number((*reply)[8]);
            m_leases.insert(hold.lease, hold.keys[1]);
        }
        answered(Decision<Reserved>(
            Reserved{{.tokens = head.figure}, std::make_unique<RedisReservation>(this, hold)}));
    };
    m_connection->run(redis::reserveScript(), hold.keys,
                      {now(), number(limits.tokensPerMinute), number(limits.monthlyTokens),
                       number(limits.maxConcurrent), number(ask.prompt), minuteTokens,
                       wanted(limits.monthlyTokens, ask), number(ask.usedBefore), lease,
                       number(m_options.lease.count())},
                      decide);
}

void RedisLimiter::settle(const Hold &hold, qint64 used)
{
    m_leases.remove(hold.lease);
    // Where Redis is gone the lease ends by itself, and the ledger knows what was used.
    m_connection->run(redis::settleScript(), hold.keys,
                      {now(), hold.lease, number(hold.moment), number(hold.run),
                       number(used - hold.minuteTokens), number(hold.month), number(used)},
                      [](const RedisConnection::Reply *) {});
}

void RedisLimiter::renewLeases()
{
    if (m_leases.isEmpty())
        return;
    QByteArrayList keys;
    QByteArrayList arguments{now(), number(m_options.lease.count())};
    for (auto lease = m_leases.cbegin(); lease != m_leases.cend(); ++lease) {
        keys.append(lease.value());
        arguments.append(lease.key());
    }
    m_connection->run(redis::renewScript(), keys, arguments, [](const RedisConnection::Reply *) {});
}

QByteArray RedisLimiter::now() const
{
    if (!m_options.clock)
        return "";
    const auto time = m_options.clock->wallNow().time_since_epoch();
    return number(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

QByteArray RedisLimiter::makeLeaseName()
{
    return m_name + '.' + QByteArray::number(++m_leaseCount, 16);
}

} // namespace gatehouse

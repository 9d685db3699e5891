// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/key_counters.h"
#include "admission/limits/redis_connection.h"
#include "config/settings.h"

#include <QHash>

namespace gatehouse {

/// The limits with their counters in Redis, shared by every process that uses it: the same gates, one atomic
/// script a decision, by Redis' own clock. The keys begin with `gatehouse:` and expire by themselves.
/// Concurrency and what is reserved of a month hang on leases that are renewed while they are held: those of
/// a process that died end after `lease`. Lives in one thread, nothing blocks.
class RedisLimiter : public QObject
{
    Q_OBJECT
public:
    struct Options
    {
        RedisTimes times = {};
        std::chrono::milliseconds lease{30'000}; ///< Renewed every third of it.
        const Clock *clock = nullptr;            ///< For tests: the wall time to go by instead of Redis' own.
    };
    /// Null where Redis has nothing to say: it is gone, or answered with an error. The caller decides then.
    template <typename T>
    using Answered = std::function<void(std::optional<Decision<T>>)>;

    /// `settings` tells the bounds of addresses as they are at the moment.
    RedisLimiter(RedisTarget target, std::function<std::shared_ptr<const LimitSettings>()> settings,
                 const Options &options);
    /// Answers what is in flight with null. Not inside an `Answered`.
    ~RedisLimiter() override;

    /// Begins to connect. Once.
    void start() { m_connection->start(); }
    /// Whether Redis may be asked; else everything is answered with null.
    [[nodiscard]] bool isUsable() const { return m_connection->isUsable(); }

    /// As Limiter::admit(); `answered` is called exactly once.
    void admit(const LimitSubject &subject, const Answered<Admitted> &answered);
    /// As Limiter::reserve(). The reservation may outlive this; what is not settled by then ends with its
    /// lease.
    void reserve(const LimitSubject &subject, const TokenAsk &ask, const Answered<Reserved> &answered);

Q_SIGNALS:
    void up(); ///< As RedisConnection's.
    void down(const QByteArray &why);

private:
    friend class RedisReservation;
    struct Hold;
    [[nodiscard]] QByteArray now() const;
    [[nodiscard]] QByteArray makeLeaseName();
    void settle(const Hold &hold, qint64 used);
    void renewLeases();

    const std::function<std::shared_ptr<const LimitSettings>()> m_settings;
    const Options m_options;
    const QByteArray m_name; ///< Random; begins the names of this object's leases.
    quint64 m_leaseCount = 0;
    QHash<QByteArray, QByteArray> m_leases; ///< What is held: lease → the set that it is in.
    QTimer m_renewal;
    std::unique_ptr<RedisConnection> m_connection; ///< Last: its end answers what is in flight.
};

} // namespace gatehouse

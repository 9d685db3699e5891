// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/redis_scripts.h"
#include "admission/limits/redis_target.h"

#include <QByteArrayList>
#include <QDeadlineTimer>
#include <QObject>
#include <QTimer>

#include <deque>
#include <functional>
#include <vector>

class QHostInfo;
struct redisAsyncContext;

namespace gatehouse {

class RedisEvents;

/// How patient a RedisConnection is.
struct RedisTimes
{
    std::chrono::milliseconds reply{250};    ///< A reply that takes longer ends the connection.
    std::chrono::milliseconds connect{1000}; ///< For finding the host, connecting, and logging in.
    std::chrono::milliseconds retry{1000};   ///< From the end of one connection to the next try.
};

/// One connection to Redis that comes back by itself. Any number of scripts may be in flight; replies come in
/// their order. Lives in one thread with an event loop, and nothing in it blocks (hiredis is given addresses
/// only, never names). The process ignores SIGPIPE.
class RedisConnection : public QObject
{
    Q_OBJECT
public:
    using Reply = std::vector<qint64>;
    /// Called exactly once, with null where Redis is gone or has answered with an error.
    using Done = std::function<void(const Reply *)>;

    RedisConnection(RedisTarget target, RedisTimes times);
    /// Answers what is in flight with null. Not inside a `Done` or a slot of its signals.
    ~RedisConnection() override;

    /// Begins to connect, and to come back whenever that fails. Once.
    void start() { begin(); }

    /// Whether a script may be sent: while connected, and during the first try, for which it waits.
    [[nodiscard]] bool isUsable() const { return m_context && (m_isUp || !m_wasDown); }
    /// `done` is never called before this returns, unless it is not usable. `script` lives as long as this.
    void run(const RedisScript &script, const QByteArrayList &keys, const QByteArrayList &arguments,
             Done done);

Q_SIGNALS:
    void up();
    /// The connection is lost, or could not be made at the first try; once until up(). `why` holds no secret.
    void down(const QByteArray &why);

private:
    struct Call;
    void begin();
    void onFound(const QHostInfo &found);
    void open(const QByteArray &address);
    void logIn();
    void send(std::unique_ptr<Call> call);
    void onReply(void *reply, std::unique_ptr<Call> call);
    void onTimeUp();
    void fail(const QByteArray &why);
    void letGo(const QByteArray &why);
    void expectReply();

    const RedisTarget m_target;
    const RedisTimes m_times;
    RedisEvents *const m_events;            ///< A child.
    redisAsyncContext *m_context = nullptr; ///< Null: not connected, nor trying.
    int m_lookup = -1;                      ///< Of QHostInfo; −1: none.
    bool m_isUp = false;
    bool m_wasDown = false;
    bool m_isDownTold = false;
    std::deque<QDeadlineTimer> m_due; ///< Of each script in flight; log-ins have the connect timer.
    QTimer m_replyTimer, m_connectTimer, m_retryTimer;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_connection.h"

#include "admission/limits/redis_events.h"

#include <QHostInfo>

#include <hiredis/async.h>

namespace gatehouse {

/// One command in flight.
struct RedisConnection::Call
{
    RedisConnection *connection;
    QByteArrayList words;      ///< The command and what goes with it.
    const RedisScript *script; ///< Null: a command for the log-in.
    Done done;
};

namespace {

RedisConnection::Reply numbersIn(const redisReply *reply)
{
    RedisConnection::Reply numbers;
    for (std::size_t i = 0; i < reply->elements; ++i)
        numbers.push_back(reply->element[i]->integer); // 0 where it is none.
    return numbers;
}

/// What a reply says went wrong; empty: nothing.
QByteArray complaintIn(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR ? QByteArray(reply->str, qsizetype(reply->len)) : QByteArray();
}

} // namespace

RedisConnection::RedisConnection(RedisTarget target, RedisTimes times)
    : m_target(std::move(target))
    , m_times(times)
    , m_events(new RedisEvents(this))
    , m_replyTimer(this)
    , m_connectTimer(this)
    , m_retryTimer(this)
{
    for (QTimer *timer : {&m_replyTimer, &m_connectTimer, &m_retryTimer})
        timer->setSingleShot(true);
    m_replyTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_replyTimer, &QTimer::timeout, this, &RedisConnection::onTimeUp);
    connect(&m_connectTimer, &QTimer::timeout, this, [this] { fail("no connection in time"); });
    connect(&m_retryTimer, &QTimer::timeout, this, &RedisConnection::begin);
}

RedisConnection::~RedisConnection()
{
    if (m_lookup >= 0)
        QHostInfo::abortHostLookup(m_lookup);
    m_isDownTold = true; // It is nobody's loss.
    if (redisAsyncContext *context = std::exchange(m_context, nullptr))
        redisAsyncFree(context);
}

void RedisConnection::begin()
{
    m_connectTimer.start(m_times.connect);
    if (!m_target.path.isEmpty())
        return open({});
    if (QHostAddress address; address.setAddress(m_target.host))
        return open(address.toString().toLatin1());
    m_lookup = QHostInfo::lookupHost(m_target.host, this, &RedisConnection::onFound);
}

void RedisConnection::onFound(const QHostInfo &found)
{
    m_lookup = -1;
    if (found.addresses().isEmpty())
        return fail("its host was not found");
    open(found.addresses().constFirst().toString().toLatin1());
}

void RedisConnection::open(const QByteArray &address)
{
    redisAsyncContext *context = address.isEmpty() ? redisAsyncConnectUnix(m_target.path.constData())
                                                   : redisAsyncConnect(address.constData(), m_target.port);
    if (!context)
        return fail("out of memory");
    if (context->err) {
        const QByteArray why = context->errstr;
        redisAsyncFree(context);
        return fail(why);
    }
    m_context = context;
    context->data = this;
    m_events->attach(context);
    redisAsyncSetConnectCallback(context, [](const redisAsyncContext *c, int status) {
        if (status != REDIS_OK)
            static_cast<RedisConnection *>(c->data)->letGo(c->errstr);
    });
    redisAsyncSetDisconnectCallback(context, [](const redisAsyncContext *c, int) {
        static_cast<RedisConnection *>(c->data)->letGo(c->errstr);
    });
    logIn();
}

void RedisConnection::logIn()
{
    const auto command = [this](QByteArrayList words, Done done) {
        send(std::make_unique<Call>(Call{this, std::move(words), nullptr, std::move(done)}));
    };
    const auto ignore = [](const Reply *) {
    };
    const QByteArray &password = m_target.password.reveal();
    if (!m_target.user.isEmpty())
        command({"AUTH", m_target.user, password}, ignore);
    else if (!password.isEmpty())
        command({"AUTH", password}, ignore);
    if (m_target.database > 0)
        command({"SELECT", QByteArray::number(m_target.database)}, ignore);
    // One that had to be sent again with its text would run after those that were sent later.
    for (const RedisScript *script : redis::allScripts())
        command({"SCRIPT", "LOAD", script->text}, ignore);
    // A Redis that is loading, read-only or out of memory is of no use.
    command({"SET", "gatehouse:probe", "1", "PX", "1000"}, [this](const Reply *reply) {
        if (!reply)
            return;
        m_connectTimer.stop();
        m_isUp = true;
        m_isDownTold = false;
        Q_EMIT up();
    });
}

void RedisConnection::run(const RedisScript &script, const QByteArrayList &keys,
                          const QByteArrayList &arguments, Done done)
{
    if (!isUsable())
        return done(nullptr);
    QByteArrayList words{"EVALSHA", script.sha, QByteArray::number(keys.size())};
    words += keys;
    words += arguments;
    send(std::make_unique<Call>(Call{this, std::move(words), &script, std::move(done)}));
}

void RedisConnection::send(std::unique_ptr<Call> call)
{
    if (!m_context) // The one before has failed.
        return call->done(nullptr);
    std::vector<const char *> words;
    std::vector<std::size_t> sizes;
    for (const QByteArray &word : call->words) {
        words.push_back(word.constData());
        sizes.push_back(std::size_t(word.size()));
    }
    const auto answered = [](redisAsyncContext *, void *reply, void *data) {
        auto *sent = static_cast<Call *>(data);
        sent->connection->onReply(reply, std::unique_ptr<Call>(sent));
    };
    const int status =
        redisAsyncCommandArgv(m_context, answered, call.get(), int(words.size()), words.data(), sizes.data());
    if (status != REDIS_OK)
        return call->done(nullptr);
    if (call->script)
        expectReply();
    static_cast<void>(call.release()); // Comes back with the reply, or when the connection is freed.
}

void RedisConnection::onReply(void *reply, std::unique_ptr<Call> call)
{
    if (!reply) { // hiredis frees the connection, and answers everything so.
        if (m_context)
            letGo(m_context->errstr ? m_context->errstr : "closed");
        return call->done(nullptr);
    }
    if (call->script && !m_due.empty())
        m_due.pop_front();
    const auto *answer = static_cast<const redisReply *>(reply);
    const QByteArray complaint = complaintIn(answer);
    if (complaint.startsWith("NOSCRIPT") && call->script && call->words.first() == "EVALSHA") {
        call->words[0] = "EVAL";
        call->words[1] = call->script->text;
        return send(std::move(call));
    }
    if (!complaint.isEmpty()) {
        fail(complaint);
        return call->done(nullptr);
    }
    const Reply numbers = numbersIn(answer);
    call->done(&numbers);
}

void RedisConnection::expectReply()
{
    m_due.emplace_back(m_times.reply, Qt::PreciseTimer);
    if (!m_replyTimer.isActive())
        m_replyTimer.start(m_times.reply);
}

void RedisConnection::onTimeUp()
{
    // A busy thread may not have come to read yet what has long been there.
    if (m_context && m_isUp && !m_due.empty() && m_due.front().hasExpired())
        redisAsyncHandleRead(m_context);
    if (!m_context || m_due.empty())
        return;
    if (m_due.front().hasExpired())
        return fail("no reply in time");
    m_replyTimer.start(int(m_due.front().remainingTime()) + 1);
}

void RedisConnection::fail(const QByteArray &why)
{
    if (m_lookup >= 0)
        QHostInfo::abortHostLookup(std::exchange(m_lookup, -1));
    redisAsyncContext *context = m_context;
    letGo(why);
    if (context)
        redisAsyncFree(context);
}

void RedisConnection::letGo(const QByteArray &why)
{
    if (!m_context && m_retryTimer.isActive())
        return;
    m_context = nullptr;
    m_isUp = false;
    m_wasDown = true;
    m_due.clear();
    m_replyTimer.stop();
    m_connectTimer.stop();
    m_retryTimer.start(m_times.retry);
    if (!std::exchange(m_isDownTold, true))
        Q_EMIT down(why);
}

} // namespace gatehouse

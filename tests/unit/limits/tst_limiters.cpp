// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/fallback_limiter.h"
#include "limit_subjects.h"
#include "redis_shell.h"
#include "services/needs_server.h"
#include "services/redis_server.h"
#include "silent_log.h"
#include "turned_clock.h"

#include <QEventLoop>
#include <QTest>
#include <QTimer>

#include <csignal>

using namespace gatehouse;
using namespace std::chrono_literals;
using services::RedisServer;

namespace {

/// One limiter, asked as if it always decided at once.
class Asked
{
public:
    Asked(RedisServer *redis, const LimitSettings &settings)
        : limits(settings, clock)
    {
        if (!redis) {
            m_limiter = std::make_unique<MemoryLimiter>(limits);
            return;
        }
        RedisShell(redis->socketPath()).run("FLUSHALL");
        RedisLimiter::Options options{.clock = &clock};
        options.times.reply = 20s; // A busy machine is no reason to ask memory.
        auto remote = std::make_unique<RedisLimiter>(
            *parseRedisUrl(Secret(redis->url().toUtf8())), [this] { return limits.settings(); }, options);
        m_limiter = std::make_unique<FallbackLimiter>(std::move(remote), limits, m_log);
    }

    /// Null: not decided in time.
    std::optional<Decision<Admitted>> admit(const LimitSubject &subject)
    {
        return decisionOf<Admitted>([&](auto decided) { m_limiter->admit(subject, &m_context, decided); });
    }
    std::optional<Decision<Reserved>> reserve(const LimitSubject &subject, qint64 prompt, qint64 completion)
    {
        return decisionOf<Reserved>(
            [&](auto decided) { m_limiter->reserve(subject, prompt, completion, &m_context, decided); });
    }

    /// The refusal's reason and Retry-After, or `yes`.
    QByteArray ask(const LimitSubject &subject) { return textOf(admit(subject)); }
    QByteArray askTokens(const LimitSubject &subject, qint64 prompt, qint64 completion)
    {
        auto decision = reserve(subject, prompt, completion);
        if (decision && std::holds_alternative<Reserved>(*decision))
            held.push_back(std::move(std::get<Reserved>(*decision).reservation));
        return textOf(decision);
    }
    template <typename T>
    static QByteArray textOf(const std::optional<Decision<T>> &decision)
    {
        if (!decision)
            return "undecided";
        const auto *refusal = std::get_if<Refusal>(&*decision);
        if (!refusal)
            return "yes";
        if (refusal->error.code != ErrorCode::RateLimited || refusal->error.message.isEmpty())
            return "not a refusal";
        return refusal->error.reason + ' ' + QByteArray::number(qint64(refusal->error.retryAfter->count()));
    }
    template <typename T>
    static RateFigures figuresOf(const std::optional<Decision<T>> &decision)
    {
        if (const auto *refusal = std::get_if<Refusal>(&*decision))
            return refusal->figures;
        return std::get<T>(*decision).figures;
    }

    TurnedClock clock;
    MemoryLimits limits;
    std::vector<std::unique_ptr<Reservation>> held;

private:
    template <typename T, typename Ask>
    std::optional<Decision<T>> decisionOf(Ask ask)
    {
        std::optional<Decision<T>> decision;
        QEventLoop loop;
        ask([&](Decision<T> d) {
            decision = std::move(d);
            loop.quit();
        });
        QTimer::singleShot(25'000, &loop, &QEventLoop::quit);
        if (!decision)
            loop.exec();
        return decision;
    }

    SilentLog m_log;
    QObject m_context;
    std::unique_ptr<Limiter> m_limiter;
};

constexpr LimitSettings unlimited{.requestsPerSecond = 0};

} // namespace

/// What every limiter promises, whichever keeps the counters.
class LimitersTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void addressBurst_data() { limiters(); }
    void addressBurst();
    void addressMinute_data() { limiters(); }
    void addressMinute();
    void addressesAreApart_data() { limiters(); }
    void addressesAreApart();
    void hammeringBlocks_data() { limiters(); }
    void hammeringBlocks();
    void keyMinuteAndHour_data() { limiters(); }
    void keyMinuteAndHour();
    void refusedRequestsUseUpNothing_data() { limiters(); }
    void refusedRequestsUseUpNothing();
    void requestFigures_data() { limiters(); }
    void requestFigures();
    void concurrency_data() { limiters(); }
    void concurrency();
    void tokensAMinute_data() { limiters(); }
    void tokensAMinute();
    void smallTokenLimits_data() { limiters(); }
    void smallTokenLimits();
    void monthlyBudget_data() { limiters(); }
    void monthlyBudget();
    void nextMonth_data() { limiters(); }
    void nextMonth();
    void tokenFigures_data() { limiters(); }
    void tokenFigures();
    void noLimits_data() { limiters(); }
    void noLimits();
    void oddNumbers_data() { limiters(); }
    void oddNumbers();
    void manyRequestsInOneWindow_data() { limiters(); }
    void manyRequestsInOneWindow();

private:
    void limiters();
    Asked &make(const LimitSettings &settings);

    std::unique_ptr<RedisServer> m_redis;
    std::unique_ptr<Asked> m_asked;
};

void LimitersTest::initTestCase()
{
    std::signal(SIGPIPE, SIG_IGN);
    if (!RedisServer::whyMissing().isEmpty())
        return;
    m_redis = std::make_unique<RedisServer>();
    QVERIFY(m_redis->start());
}

void LimitersTest::cleanup()
{
    if (m_asked && m_redis && QLatin1String(QTest::currentDataTag()) == QLatin1String("redis")) {
        QCOMPARE(m_asked->limits.addressCount(), 0); // Else memory has decided.
        QCOMPARE(m_asked->limits.keyCount(), 0);
    }
    m_asked.reset();
}

void LimitersTest::limiters()
{
    QTest::addColumn<bool>("inRedis");
    QTest::newRow("memory") << false;
    QTest::newRow("redis") << true;
}

Asked &LimitersTest::make(const LimitSettings &settings)
{
    const bool inRedis = *static_cast<bool *>(QTest::qData("inRedis", qMetaTypeId<bool>()));
    m_asked = std::make_unique<Asked>(inRedis ? m_redis.get() : nullptr, settings);
    return *m_asked;
}

#define MAKE(name, settings)                                                                                 \
    QFETCH(bool, inRedis);                                                                                   \
    if (inRedis)                                                                                             \
        GATEHOUSE_NEEDS_SERVER(RedisServer);                                                                 \
    Asked &name = make(settings)

void LimitersTest::addressBurst()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0.5, .burst = 3, .blockAfter = 0}));
    const LimitSubject caller = callerAt("192.0.2.7");
    for (int i = 0; i < 3; ++i)
        QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 2");
    asked.clock.turn(1999ms);
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 1");
    asked.clock.turn(1ms);
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 2");
    asked.clock.turn(1h);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 2");
}

void LimitersTest::addressMinute()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0, .requestsPerMinute = 3, .blockAfter = 0}));
    const LimitSubject caller = callerAt("2001:db8::1");
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(asked.ask(caller), "yes");
        asked.clock.turn(10s);
    }
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 30");
    asked.clock.turn(29'999ms);
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 1");
    asked.clock.turn(1ms);
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 10");
}

void LimitersTest::addressesAreApart()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0, .requestsPerMinute = 1}));
    QCOMPARE(asked.ask(callerAt("192.0.2.7")), "yes");
    QCOMPARE(asked.ask(callerAt("::ffff:192.0.2.7")), "rate_limit_exceeded 60");
    QCOMPARE(asked.ask(callerAt("192.0.2.8")), "yes");
    QCOMPARE(asked.ask(callerAt("2001:db8::1")), "yes");
    QCOMPARE(asked.ask(callerAt("2001:db8::2")), "rate_limit_exceeded 60");
    QCOMPARE(asked.ask(callerAt("2001:db8:0:1::1")), "yes");
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(asked.ask(callerAt("127.0.0.1")), "yes");
        QCOMPARE(asked.ask(callerAt("")), "yes");
    }
    LimitSettings strict = *asked.limits.settings();
    strict.appliesToLoopback = true;
    asked.limits.apply(strict);
    QCOMPARE(asked.ask(callerAt("127.0.0.1")), "yes");
    QCOMPARE(asked.ask(callerAt("127.0.0.1")), "rate_limit_exceeded 60");
    QCOMPARE(asked.ask(callerAt("")), "yes");
    strict.requestsPerMinute = 2;
    asked.limits.apply(strict);
    QCOMPARE(asked.ask(callerAt("192.0.2.7")), "yes");
    QCOMPARE(asked.ask(callerAt("192.0.2.7")), "rate_limit_exceeded 60");
}

void LimitersTest::hammeringBlocks()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0,
                               .requestsPerMinute = 1,
                               .blockAfter = 3,
                               .blockFor = 100s,
                               .longestBlock = 300s}));
    const LimitSubject caller = callerAt("192.0.2.7");
    for (const QByteArray length : {"100", "200", "300", "300"}) {
        QCOMPARE(asked.ask(caller), "yes");
        QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
        QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
        QCOMPARE(asked.ask(caller), "address_blocked " + length);
        QCOMPARE(asked.ask(caller), "address_blocked " + length);
        asked.clock.turn(std::chrono::seconds(length.toInt()) - 1ms);
        QCOMPARE(asked.ask(caller), "address_blocked 1");
        asked.clock.turn(1ms);
    }
    asked.clock.turn(300s); // Quiet for as long as the last block: forgiven.
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
    QCOMPARE(asked.ask(caller), "address_blocked 100");
    QCOMPARE(asked.ask(callerAt("192.0.2.8")), "yes");
}

void LimitersTest::keyMinuteAndHour()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.requestsPerHour = 4, .requestsPerMinute = 2});
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
    asked.clock.turn(60s);
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 3540"); // The longer wait is told.
    asked.clock.turn(3540s);
    QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(callerWith({.requestsPerMinute = 1}, "other")), "yes");
}

void LimitersTest::refusedRequestsUseUpNothing()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0, .requestsPerMinute = 5, .blockAfter = 0}));
    LimitSubject caller = callerWith({.requestsPerHour = 3, .requestsPerMinute = 1});
    caller.address = QHostAddress(QStringLiteral("192.0.2.7"));
    for (int round = 0; round < 3; ++round) {
        QCOMPARE(asked.ask(caller), "yes");
        for (int i = 0; i < 10; ++i)
            QCOMPARE(asked.ask(caller).left(4), "rate");
        asked.clock.turn(20s);
        QCOMPARE(asked.ask(callerAt("192.0.2.7")), "yes"); // Refusals of the key took nothing here.
        asked.clock.turn(40s);
    }
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 3420");
}

void LimitersTest::requestFigures()
{
    MAKE(asked, (LimitSettings{.requestsPerSecond = 0, .requestsPerMinute = 9, .blockAfter = 0}));
    const auto figureOf = [&asked](const KeyLimits &limits) {
        LimitSubject caller =
            callerWith(limits, QByteArray::number(qint64(limits.requestsPerHour.value_or(0))));
        caller.address = QHostAddress(QStringLiteral("192.0.2.7"));
        const RateFigures figures = Asked::figuresOf(asked.admit(caller));
        if (!figures.requests || figures.tokens)
            return QByteArray("none");
        return QByteArray::number(figures.requests->limit) + ' ' +
               QByteArray::number(figures.requests->remaining) + ' ' +
               QByteArray::number(qint64(figures.requests->reset.count()));
    };
    QCOMPARE(figureOf({.requestsPerHour = 100, .requestsPerMinute = 2}), "2 1 60");
    asked.clock.turn(500ms);
    QCOMPARE(figureOf({.requestsPerHour = 100, .requestsPerMinute = 2}), "2 0 60");
    asked.clock.turn(500ms);
    QCOMPARE(figureOf({.requestsPerHour = 100, .requestsPerMinute = 2}), "2 0 60"); // Refused: 59.5 s.
    asked.clock.turn(1s);
    QCOMPARE(figureOf({.requestsPerHour = 100, .requestsPerMinute = 2}), "2 0 59");
    QCOMPARE(figureOf({.requestsPerHour = 50}), "50 49 3600");
    QCOMPARE(figureOf({}), "9 5 60");
    asked.limits.apply(unlimited);
    QCOMPARE(figureOf({}), "none");
    asked.limits.apply({.requestsPerSecond = 0.5, .burst = 3, .blockAfter = 0});
    QCOMPARE((QByteArrayList{figureOf({}), figureOf({}), figureOf({})}.join()), "3 2 23 1 43 0 6");
}

void LimitersTest::concurrency()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.maxConcurrent = 2});
    QCOMPARE(asked.askTokens(caller, 10, 10), "yes");
    QCOMPARE(asked.askTokens(caller, 10, 10), "yes");
    QCOMPARE(asked.askTokens(caller, 10, 10), "rate_limit_exceeded 1");
    asked.held.front()->settle(5);
    asked.held.front()->settle(5); // Once is enough.
    QCOMPARE(asked.askTokens(caller, 10, 10), "yes");
    QCOMPARE(asked.askTokens(caller, 10, 10), "rate_limit_exceeded 1");
    asked.held.clear(); // Dropping settles, too.
    QCOMPARE(asked.askTokens(caller, 10, 10), "yes");
    QCOMPARE(asked.askTokens(caller, 10, 10), "yes");
    QCOMPARE(asked.askTokens(caller, 10, 10), "rate_limit_exceeded 1");
}

void LimitersTest::tokensAMinute()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.tokensPerMinute = 10'000});
    QCOMPARE(asked.askTokens(caller, 5000, 1000), "yes");
    asked.clock.turn(10s);
    QCOMPARE(asked.askTokens(caller, 3000, 1000), "yes");
    QCOMPARE(asked.askTokens(caller, 1, 0), "rate_limit_exceeded 50");
    asked.held[0]->settle(5500);
    QCOMPARE(asked.askTokens(caller, 500, 0), "yes");
    QCOMPARE(asked.askTokens(caller, 1, 0), "rate_limit_exceeded 50");
    asked.held[1]->settle(14'000); // Longer than reserved: those after it pay.
    asked.clock.turn(50s);         // What was reserved first is gone, the settled 14,000 are not.
    QCOMPARE(asked.askTokens(caller, 1, 0), "rate_limit_exceeded 10");
    asked.held[2]->settle(500);
    asked.clock.turn(10s);
    QCOMPARE(asked.askTokens(caller, 10'000, 5000), "yes");
    asked.clock.turn(60s);
    asked.held[3]->settle(99'999); // In the window of its reservation, which is over.
    QCOMPARE(asked.askTokens(caller, 10'000, 0), "yes");
}

void LimitersTest::smallTokenLimits()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.tokensPerMinute = 1000});
    QCOMPARE(asked.askTokens(caller, 1001, 0), "request_too_large 60");
    for (int i = 0; i < 3; ++i)
        QCOMPARE(asked.askTokens(caller, 50, 4096), "yes"); // 50 and a quarter of 1000 each.
    QCOMPARE(asked.askTokens(caller, 50, 4096), "rate_limit_exceeded 60");
    for (const auto &reservation : asked.held)
        reservation->settle(100);
    QCOMPARE(asked.askTokens(caller, 500, 100'000), "rate_limit_exceeded 60");
    QCOMPARE(asked.askTokens(caller, 450, 100'000), "yes");
    asked.clock.turn(60s);
    QCOMPARE(asked.askTokens(caller, 1000, 4096), "yes");
}

void LimitersTest::monthlyBudget()
{
    MAKE(asked, unlimited);
    LimitSubject caller = callerWith({.monthlyTokens = 10'000});
    const QByteArray rest = QByteArray::number(14 * 86'400 + 43'200); // 14 February, noon.
    caller.monthlyTokensBefore = 5000;
    QCOMPARE(asked.askTokens(caller, 3000, 2000), "yes"); // All that is left is reserved.
    QCOMPARE(asked.askTokens(caller, 100, 0), "rate_limit_exceeded 1");
    QCOMPARE(asked.askTokens(caller, 5001, 0), "insufficient_quota " + rest);
    asked.held[0]->settle(2500);
    QCOMPARE(asked.askTokens(caller, 2500, 9999), "yes"); // The answer gets what is left: nothing.
    asked.held[1]->settle(2499);
    QCOMPARE(asked.askTokens(caller, 2, 0), "insufficient_quota " + rest);
    QCOMPARE(asked.askTokens(caller, 1, 0), "yes");
    asked.held.clear();
    caller.monthlyTokensBefore = 10'000; // Others have used the rest.
    QCOMPARE(asked.askTokens(caller, 1, 0), "insufficient_quota " + rest);
}

void LimitersTest::nextMonth()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.monthlyTokens = 1000});
    asked.clock.turn(14 * 24h + 12h - 1ms);
    QCOMPARE(asked.askTokens(caller, 900, 0), "yes");
    QCOMPARE(asked.askTokens(caller, 1001, 0), "insufficient_quota 1");
    asked.clock.turn(1ms);
    QCOMPARE(asked.askTokens(caller, 1000, 0), "yes");
    asked.held[0]->settle(900); // Last month's.
    QCOMPARE(asked.askTokens(caller, 1, 0), "rate_limit_exceeded 1");
    asked.held[1]->settle(100);
    QCOMPARE(asked.askTokens(caller, 900, 0), "yes");
    QCOMPARE(asked.askTokens(caller, 901, 0),
             "insufficient_quota " + QByteArray::number(31 * 86'400)); // All of March.
}

void LimitersTest::tokenFigures()
{
    MAKE(asked, unlimited);
    const auto figureOf = [&asked](const KeyLimits &limits, const QByteArray &id) {
        auto decision = asked.reserve(callerWith(limits, id), 100, 100);
        const RateFigures figures = Asked::figuresOf(decision);
        if (auto *reserved = std::get_if<Reserved>(&*decision))
            asked.held.push_back(std::move(reserved->reservation));
        if (!figures.tokens || figures.requests)
            return QByteArray("none");
        return QByteArray::number(figures.tokens->limit) + ' ' +
               QByteArray::number(figures.tokens->remaining) + ' ' +
               QByteArray::number(qint64(figures.tokens->reset.count()));
    };
    QCOMPARE(figureOf({.tokensPerMinute = 1000, .monthlyTokens = 5000}, "both"), "1000 800 60");
    QCOMPARE(figureOf({.maxConcurrent = 1, .monthlyTokens = 5000}, "month"), "5000 4800 1252800");
    QCOMPARE(figureOf({.maxConcurrent = 1, .monthlyTokens = 5000}, "month"), "5000 4800 1252800"); // Refused.
    QCOMPARE(figureOf({.maxConcurrent = 1}, "none"), "none");
    asked.held[0]->settle(50);
    asked.clock.turn(59'500ms);
    QCOMPARE(figureOf({.tokensPerMinute = 1000}, "both"), "1000 750 60");
}

void LimitersTest::noLimits()
{
    MAKE(asked, unlimited);
    for (int i = 0; i < 20; ++i) {
        QCOMPARE(asked.ask(callerAt("192.0.2.7")), "yes");
        QCOMPARE(asked.askTokens(callerAt("192.0.2.7"), 1'000'000, 1'000'000), "yes");
    }
    for (const auto &reservation : asked.held)
        reservation->settle(1000);
}

void LimitersTest::oddNumbers()
{
    MAKE(asked, unlimited);
    const LimitSubject nothing = callerWith({.requestsPerHour = 0, .maxConcurrent = 0}, "nothing");
    QCOMPARE(asked.ask(nothing), "rate_limit_exceeded 3600");
    QCOMPARE(asked.askTokens(nothing, 1, 1), "rate_limit_exceeded 1");
    LimitSubject caller = callerWith({.tokensPerMinute = 1000, .monthlyTokens = 1000});
    caller.monthlyTokensBefore = -5;
    QCOMPARE(asked.askTokens(caller, -1, -1), "yes");
    asked.held[0]->settle(-100);
    constexpr qint64 most = std::numeric_limits<qint64>::max();
    QCOMPARE(asked.askTokens(caller, most, most), "request_too_large 60");
    QCOMPARE(asked.askTokens(caller, 750, most), "yes");
    asked.held[1]->settle(750);
    QCOMPARE(asked.askTokens(caller, 250, 0), "yes");
}

void LimitersTest::manyRequestsInOneWindow()
{
    MAKE(asked, unlimited);
    const LimitSubject caller = callerWith({.requestsPerMinute = 2200});
    for (int i = 0; i < 2200; ++i) { // Enough for coarse moments.
        QCOMPARE(asked.ask(caller), "yes");
        asked.clock.turn(7ms);
    }
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 45"); // 60 − 15.4 s
    asked.clock.turn(60s + 33ms);                          // As coarse as moments get.
    for (int i = 0; i < 2200; ++i)
        QCOMPARE(asked.ask(caller), "yes");
    QCOMPARE(asked.ask(caller), "rate_limit_exceeded 60");
}

QTEST_GUILESS_MAIN(LimitersTest)
#include "tst_limiters.moc"

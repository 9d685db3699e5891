// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/fallback_limiter.h"
#include "admission/limits/make_limiter.h"
#include "limit_subjects.h"
#include "redis_shell.h"
#include "services/needs_server.h"
#include "services/redis_server.h"
#include "silent_log.h"

#include <QLocalServer>
#include <QTest>
#include <QThread>

#include <atomic>
#include <csignal>

using namespace gatehouse;
using namespace std::chrono_literals;
using services::RedisServer;

namespace {

constexpr LimitSettings unlimited{.requestsPerSecond = 0};

RedisLimiter::Options patient()
{
    RedisLimiter::Options options;
    options.times.reply = 20s; // A busy machine must not look like a Redis that is gone.
    options.times.connect = 20s;
    options.times.retry = 50ms;
    return options;
}

RedisLimiter::Options quick()
{
    RedisLimiter::Options options;
    options.times.reply = 1s; // As above, and still short enough to wait for.
    options.times.retry = 50ms;
    return options;
}

/// A lane of its own: counters, log and limiter.
struct Lane
{
    Lane(const QByteArray &url, const RedisLimiter::Options &options)
        : limiter(std::make_unique<RedisLimiter>(
                      *parseRedisUrl(Secret(url)), [this] { return limits.settings(); }, options),
                  limits, log)
    {}

    /// Null while undecided.
    std::shared_ptr<std::optional<bool>> ask(const LimitSubject &subject)
    {
        auto answer = std::make_shared<std::optional<bool>>();
        limiter.admit(subject, &context, [this, answer](const Decision<Admitted> &decision) {
            decisions += answer->has_value() ? 1000 : 1; // Twice would be seen.
            *answer = std::holds_alternative<Admitted>(decision);
        });
        return answer;
    }
    /// Null while undecided, or refused.
    std::shared_ptr<std::unique_ptr<Reservation>> reserve(const LimitSubject &subject)
    {
        auto held = std::make_shared<std::unique_ptr<Reservation>>();
        limiter.reserve(subject, 10, 10, &context, [this, held](Decision<Reserved> decision) {
            ++decisions;
            if (auto *reserved = std::get_if<Reserved>(&decision))
                *held = std::move(reserved->reservation);
        });
        return held;
    }
    [[nodiscard]] bool isLocal() { return limits.keyCount() > 0; }

    SystemClock clock;
    MemoryLimits limits{unlimited, clock};
    SilentLog log;
    QObject context;
    int decisions = 0;
    FallbackLimiter limiter;
};

const QByteArray gone = "redis gone, limits are local";
const QByteArray back = "redis is back";

#define TRY_ASK(lane, subject, expected)                                                                     \
    do {                                                                                                     \
        const auto answer = (lane).ask(subject);                                                             \
        QTRY_VERIFY_WITH_TIMEOUT(answer->has_value(), 25'000);                                               \
        QCOMPARE(**answer, expected);                                                                        \
    } while (false)

} // namespace

class RedisLimiterTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void fourLanesGetExactlyTheLimit();
    void fourLanesGetExactlyThePlaces();
    void talksOverTcpAndToNames_data();
    void talksOverTcpAndToNames();
    void freezesAndThaws();
    void diesAndComesBack();
    void isNotThereYet();
    void neverAnswers();
    void wantsAPassword();
    void forgetsItsScripts();
    void answersWithAnError();
    void leasesOfADeadHolderEnd();
    void leasesAreRenewedWhileHeld();
    void reservationsOutliveTheirLimiter();
    void whoeverHasGoneHoldsNothing();
    void whatIsInFlightAtTheEndIsDecided();
    void nothingStaysForEver();

private:
    QByteArray url() const { return "unix://" + m_redis->socketPath().toUtf8(); }
    QByteArray shell(const QByteArray &command) { return RedisShell(m_redis->socketPath()).run(command); }

    std::unique_ptr<RedisServer> m_redis;
};

void RedisLimiterTest::initTestCase()
{
    GATEHOUSE_NEEDS_SERVER(RedisServer);
    std::signal(SIGPIPE, SIG_IGN);
}

void RedisLimiterTest::init()
{
    m_redis = std::make_unique<RedisServer>(RedisServer::Listen::UnixSocketAndTcp);
    QVERIFY(m_redis->start());
}

namespace {

/// Runs `begin(lane, clientDone)` for 8 clients in each of 4 threads with an event loop and a lane of their
/// own, until all are done and `end` says so. True where Redis has decided everything.
template <typename Begin>
bool inFourLanes(const QByteArray &url, Begin begin)
{
    std::atomic<int> doneClients = 0;
    std::atomic<bool> isAllInRedis = true;
    std::vector<std::unique_ptr<QThread>> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back(QThread::create([&] {
            Lane lane(url, patient());
            QEventLoop loop;
            QTimer check; // No lane ends, and frees what it holds, before all are done.
            QObject::connect(&check, &QTimer::timeout, &loop, [&] {
                if (doneClients == 32)
                    loop.quit();
            });
            check.start(5);
            QTimer::singleShot(60'000, &loop, &QEventLoop::quit);
            for (int client = 0; client < 8; ++client)
                begin(lane, [&] { ++doneClients; });
            loop.exec();
            if (lane.isLocal() || !lane.log.events.isEmpty())
                isAllInRedis = false;
        }));
        threads.back()->start();
    }
    for (const auto &thread : threads)
        thread->wait();
    return isAllInRedis && doneClients == 32;
}

/// Asks `left` times, one after the other.
void askOn(Lane &lane, const LimitSubject &subject, int left, std::atomic<int> &admitted,
           const std::function<void()> &done)
{
    if (left == 0)
        return done();
    lane.limiter.admit(subject, &lane.context, [&, subject, left, done](const Decision<Admitted> &decision) {
        admitted += std::holds_alternative<Admitted>(decision) ? 1 : 0;
        askOn(lane, subject, left - 1, admitted, done);
    });
}

} // namespace

void RedisLimiterTest::fourLanesGetExactlyTheLimit()
{
    const LimitSubject caller = callerWith({.requestsPerHour = 613, .requestsPerMinute = 600});
    std::atomic<int> admitted = 0;
    QVERIFY(inFourLanes(url(), [&](Lane &lane, const std::function<void()> &done) {
        askOn(lane, caller, 40, admitted, done);
    }));
    QCOMPARE(admitted.load(), 600);
}

void RedisLimiterTest::fourLanesGetExactlyThePlaces()
{
    const LimitSubject caller = callerWith({.tokensPerMinute = 600, .maxConcurrent = 13}, "places");
    const LimitSubject frugal = callerWith({.tokensPerMinute = 600}, "tokens");
    std::atomic<int> places = 0, tokens = 0;
    QVERIFY(inFourLanes(url(), [&](Lane &lane, const std::function<void()> &done) {
        const auto keep = [&lane](Reservation *held) { // Until the lane ends.
            auto *const owner = new QObject(&lane.context);
            QObject::connect(owner, &QObject::destroyed, owner, [held] { delete held; });
        };
        lane.limiter.reserve(caller, 10, 10, &lane.context, [&, keep](Decision<Reserved> decision) {
            if (auto *reserved = std::get_if<Reserved>(&decision)) {
                ++places;
                keep(reserved->reservation.release());
            }
        });
        lane.limiter.reserve(frugal, 20, 10, &lane.context, [&, keep, done](Decision<Reserved> decision) {
            if (auto *reserved = std::get_if<Reserved>(&decision)) {
                ++tokens;
                keep(reserved->reservation.release());
            }
            done();
        });
    }));
    QCOMPARE(places.load(), 13);
    QCOMPARE(tokens.load(), 20);
    // The lanes have given everything back at their end, as far as they still could.
    QVERIFY(shell("ZCARD gatehouse:leases:places").toInt() <= 13);
}

void RedisLimiterTest::talksOverTcpAndToNames_data()
{
    QTest::addColumn<QByteArray>("form");
    QTest::newRow("address") << QByteArray("redis://127.0.0.1:%/2");
    QTest::newRow("name") << QByteArray("redis://localhost:%/2");
}

void RedisLimiterTest::talksOverTcpAndToNames()
{
    QFETCH(QByteArray, form);
    Lane lane(form.replace('%', QByteArray::number(m_redis->port())), patient());
    RedisShell observer(m_redis->socketPath());
    observer.run("SELECT 2");
    QTRY_COMPARE(observer.run("EXISTS gatehouse:probe"), "1");
    const LimitSubject caller = callerWith({.requestsPerMinute = 1});
    TRY_ASK(lane, caller, true);
    TRY_ASK(lane, caller, false);
    QVERIFY(!lane.isLocal());
    QCOMPARE(observer.run("EXISTS gatehouse:key:key"), "1");
    QCOMPARE(shell("EXISTS gatehouse:key:key"), "0");
}

void RedisLimiterTest::freezesAndThaws()
{
    Lane lane(url(), quick());
    const LimitSubject caller = callerWith({.requestsPerMinute = 1});
    TRY_ASK(lane, caller, true);
    TRY_ASK(lane, caller, false);
    QVERIFY(!lane.isLocal());

    m_redis->freeze();
    QElapsedTimer time;
    time.start();
    std::vector<std::shared_ptr<std::optional<bool>>> answers;
    for (int i = 0; i < 50; ++i)
        answers.push_back(lane.ask(caller));
    QVERIFY(!answers.back()->has_value());
    QTRY_VERIFY(answers.back()->has_value());
    QVERIFY(time.elapsed() >= 900 && time.elapsed() < 4000);
    QCOMPARE(lane.decisions, 52);
    QCOMPARE(**answers.front(), true); // Local counters begin at nothing.
    QCOMPARE(**answers.back(), false);
    QCOMPARE(lane.log.events, QByteArrayList{gone});
    const auto atOnce = lane.ask(caller);
    QVERIFY(atOnce->has_value());

    m_redis->thaw();
    QTRY_COMPARE_WITH_TIMEOUT(lane.log.events, (QByteArrayList{gone, back}), 10'000);
    TRY_ASK(lane, callerWith({.requestsPerMinute = 1}, "new"), true);
    QCOMPARE(lane.limits.keyCount(), 1); // Of the time in between.
    QCOMPARE(lane.decisions, 54);
}

void RedisLimiterTest::diesAndComesBack()
{
    Lane lane(url(), quick());
    const LimitSubject caller = callerWith({.requestsPerMinute = 1, .maxConcurrent = 1});
    TRY_ASK(lane, caller, true);
    const auto held = lane.reserve(caller);
    QTRY_VERIFY(*held);
    m_redis->kill();
    QTRY_COMPARE(lane.log.events, QByteArrayList{gone});
    TRY_ASK(lane, caller, true);
    TRY_ASK(lane, caller, false);
    const auto local = lane.reserve(caller);
    QVERIFY(*local);
    (*held)->settle(20); // Into nothing.
    QVERIFY(m_redis->start());
    QTRY_COMPARE_WITH_TIMEOUT(lane.log.events, (QByteArrayList{gone, back}), 10'000);
    TRY_ASK(lane, caller, true); // It has forgotten all.
    (*local)->settle(20);        // Where it was made:
    m_redis->kill();
    QTRY_COMPARE(lane.log.events, (QByteArrayList{gone, back, gone}));
    const auto next = lane.reserve(caller);
    QVERIFY(*next);
    QVERIFY(lane.log.texts.join().size() > 0);
}

void RedisLimiterTest::isNotThereYet()
{
    m_redis->kill();
    Lane lane(url(), quick());
    QTRY_COMPARE(lane.log.events, QByteArrayList{gone});
    TRY_ASK(lane, callerWith({.requestsPerMinute = 1}), true);
    QVERIFY(lane.isLocal());
    QVERIFY(m_redis->start());
    QTRY_COMPARE_WITH_TIMEOUT(lane.log.events, (QByteArrayList{gone, back}), 10'000);
}

void RedisLimiterTest::neverAnswers()
{
    QTemporaryDir folder;
    QLocalServer silent;
    QVERIFY(silent.listen(folder.filePath(QStringLiteral("silent.sock"))));
    Lane lane("unix://" + silent.fullServerName().toUtf8(), {});
    QElapsedTimer time;
    time.start();
    const auto answer = lane.ask(callerWith({.requestsPerMinute = 1})); // Waits for the first try.
    QVERIFY(!answer->has_value());
    QTRY_VERIFY(answer->has_value());
    QVERIFY(time.elapsed() >= 240 && time.elapsed() < 4000);
    QCOMPARE(**answer, true);
    QCOMPARE(lane.decisions, 1);
    QCOMPARE(lane.log.events, QByteArrayList{gone});
    int tries = 0; // And it goes on trying, which is told once only.
    connect(&silent, &QLocalServer::newConnection, this, [&] { ++tries; });
    QTRY_VERIFY_WITH_TIMEOUT(tries >= 2, 20'000);
    QCOMPARE(lane.log.events, QByteArrayList{gone});
}

void RedisLimiterTest::wantsAPassword()
{
    QCOMPARE(shell("ACL SETUSER limits on >p@ss:word ~gatehouse:* +@all -@admin -@dangerous"), "OK");
    QCOMPARE(shell("CONFIG SET requirepass pa%%ss"), "OK");
    const QByteArray path = m_redis->socketPath().toUtf8();
    for (const QByteArray login : {":hidden@", "limits:hidden@", "nobody:hidden@", ""}) {
        Lane lane("unix://" + login + path, quick());
        QTRY_COMPARE(lane.log.events, QByteArrayList{gone});
        TRY_ASK(lane, callerWith({.requestsPerMinute = 1}), true);
        QVERIFY(lane.isLocal());
        QVERIFY(lane.log.texts.join().contains(login.isEmpty() ? "NOAUTH" : "WRONGPASS"));
        QVERIFY(!lane.log.texts.join().contains("hidden"));
    }
    for (const QByteArray login : {":pa%25ss@", "limits:p%40ss%3Aword@"}) {
        Lane lane("unix://" + login + path, patient());
        TRY_ASK(lane, callerWith({.requestsPerMinute = 1}, login), true);
        QVERIFY2(!lane.isLocal(), lane.log.texts.join('\n').constData());
        QVERIFY(lane.log.events.isEmpty());
    }
}

void RedisLimiterTest::forgetsItsScripts()
{
    Lane lane(url(), patient());
    const LimitSubject caller = callerWith({.requestsPerMinute = 2});
    TRY_ASK(lane, caller, true);
    QCOMPARE(shell("SCRIPT FLUSH"), "OK");
    TRY_ASK(lane, caller, true);
    TRY_ASK(lane, caller, false);
    QVERIFY(!lane.isLocal());
    QVERIFY(lane.log.events.isEmpty());
}

void RedisLimiterTest::answersWithAnError()
{
    Lane lane(url(), quick());
    QCOMPARE(shell("SET gatehouse:key:key text"), "OK");
    TRY_ASK(lane, callerWith({.requestsPerMinute = 1}), true);
    QVERIFY(lane.isLocal());
    QCOMPARE(lane.decisions, 1);
    QCOMPARE(lane.log.events.first(), gone);
    QTRY_COMPARE(lane.log.events, (QByteArrayList{gone, back}));
}

void RedisLimiterTest::leasesOfADeadHolderEnd()
{
    RedisLimiter::Options options = patient();
    options.lease = 300ms;
    const LimitSubject caller = callerWith({.maxConcurrent = 1, .monthlyTokens = 20});
    auto dead = std::make_unique<Lane>(url(), options);
    const auto lost = dead->reserve(caller);
    QTRY_VERIFY(*lost);
    dead.reset(); // Nobody renews, nobody settles.

    Lane lane(url(), options);
    std::shared_ptr<std::unique_ptr<Reservation>> held;
    int tries = 0;
    QTRY_VERIFY_WITH_TIMEOUT((held = lane.reserve(caller), QTest::qWait(20), ++tries, *held), 10'000);
    QVERIFY(tries > 1); // It was held at first.
    QVERIFY(!lane.isLocal());
}

void RedisLimiterTest::leasesAreRenewedWhileHeld()
{
    RedisLimiter::Options options = patient();
    options.lease = 600ms;
    Lane lane(url(), options);
    const LimitSubject caller = callerWith({.maxConcurrent = 1});
    const auto held = lane.reserve(caller);
    QTRY_VERIFY(*held);
    const qint64 firstEnd = shell("ZRANGE gatehouse:leases:key 0 -1 WITHSCORES").split('\n')[1].toLongLong();
    QVERIFY(firstEnd > 0);
    const auto now = [this] {
        return shell("TIME").split('\n')[0].toLongLong() * 1000;
    };
    QTRY_VERIFY_WITH_TIMEOUT(now() > firstEnd, 10'000);
    const auto refused = lane.reserve(caller);
    QTRY_COMPARE(lane.decisions, 2);
    QVERIFY(!*refused);
    (*held)->settle(20);
    const auto admitted = lane.reserve(caller);
    QTRY_COMPARE(lane.decisions, 3);
    QVERIFY(*admitted);
}

void RedisLimiterTest::reservationsOutliveTheirLimiter()
{
    auto lane = std::make_unique<Lane>(url(), patient());
    const auto held = lane->reserve(callerWith({.maxConcurrent = 1}));
    QTRY_VERIFY(*held);
    lane.reset();
    (*held)->settle(20);
    held->reset();
}

void RedisLimiterTest::whoeverHasGoneHoldsNothing()
{
    Lane lane(url(), patient());
    const LimitSubject caller = callerWith({.maxConcurrent = 1});
    bool isDecided = false;
    {
        QObject asker;
        lane.limiter.reserve(caller, 1, 1, &asker, [&](const Decision<Reserved> &) { isDecided = true; });
    }
    const auto held = lane.reserve(caller); // Behind it on the same connection, and before its settling.
    QTRY_COMPARE(lane.decisions, 1);
    QVERIFY(!isDecided);
    const auto second = lane.reserve(caller);
    QTRY_COMPARE(lane.decisions, 2);
    QVERIFY(*held || *second);
}

void RedisLimiterTest::whatIsInFlightAtTheEndIsDecided()
{
    int decided = 0;
    SystemClock clock;
    MemoryLimits limits(unlimited, clock);
    SilentLog log;
    QObject asker;
    auto limiter = makeLimiter({.enabled = true, .url = Secret(url())}, limits, log);
    for (int i = 0; i < 10; ++i) {
        limiter->admit(callerWith({.requestsPerMinute = 5}), &asker,
                       [&](const Decision<Admitted> &) { ++decided; });
    }
    QCOMPARE(decided, 0);
    limiter.reset();
    QCOMPARE(decided, 10);
    QVERIFY(log.events.isEmpty());
}

void RedisLimiterTest::nothingStaysForEver()
{
    Lane lane(url(), patient());
    lane.limits.apply({.requestsPerMinute = 2, .blockAfter = 2});
    LimitSubject caller = callerWith({.requestsPerHour = 9,
                                      .requestsPerMinute = 9,
                                      .tokensPerMinute = 900,
                                      .maxConcurrent = 9,
                                      .monthlyTokens = 900});
    caller.address = QHostAddress(QStringLiteral("192.0.2.7"));
    for (const bool expected : {true, true, false, false, false})
        TRY_ASK(lane, caller, expected);
    const auto held = lane.reserve(caller);
    QTRY_VERIFY(*held);
    const QByteArrayList keys = shell("KEYS *").trimmed().split('\n');
    QVERIFY(keys.size() >= 4); // Address, key, leases, month.
    for (const QByteArray &key : keys) {
        QVERIFY2(key.startsWith("gatehouse:"), key.constData());
        QVERIFY2(key == "gatehouse:probe" || shell("PTTL " + key).toLongLong() > 0, key.constData());
    }
}

QTEST_GUILESS_MAIN(RedisLimiterTest)
#include "tst_redis_limiter.moc"

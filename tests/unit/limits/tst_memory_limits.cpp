// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/make_limiter.h"
#include "admission/limits/memory_limiter.h"
#include "limit_subjects.h"
#include "silent_log.h"
#include "turned_clock.h"

#include <QTest>

#include <malloc.h>

#include <atomic>
#include <latch>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr LimitSettings unlimited{.requestsPerSecond = 0};

/// Runs `work` in 32 threads that begin at once.
template <typename Work>
void inThreads(Work work)
{
    constexpr int count = 32;
    std::latch start(count);
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&start, &work, i] {
            start.arrive_and_wait();
            work(i);
        });
    }
}

QHostAddress nthAddress(quint32 n)
{
    return QHostAddress(0x0a000000u + n);
}

} // namespace

class MemoryLimitsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void decidesAtOnce();
    void threadsGetExactlyTheLimitOfAnAddress();
    void threadsGetExactlyTheLimitOfAKey();
    void threadsGetExactlyTheReservations();
    void remembersTheAddressesSeenLast();
    void forgetsIdleKeysOnly();
    void takesNewSettingsWhileInUse();
    void withoutRedisAllIsLocal();
    void aHundredThousandAddressesStaySmall();
    void costsLittle();
};

void MemoryLimitsTest::decidesAtOnce()
{
    const TurnedClock clock;
    MemoryLimits limits(unlimited, clock);
    MemoryLimiter limiter(limits);
    int decided = 0;
    limiter.admit(callerAt("192.0.2.7"), nullptr, [&](const Decision<Admitted> &) { ++decided; });
    QCOMPARE(decided, 1);
    limiter.reserve(callerAt("192.0.2.7"), 1, 1, nullptr, [&](Decision<Reserved> decision) {
        QVERIFY(std::get<Reserved>(decision).reservation);
        ++decided;
    });
    QCOMPARE(decided, 2);
}

void MemoryLimitsTest::threadsGetExactlyTheLimitOfAnAddress()
{
    const SystemClock clock;
    MemoryLimits limits({.requestsPerSecond = 1e-6, .burst = 1000, .requestsPerMinute = 777}, clock);
    std::atomic<int> admitted = 0;
    inThreads([&](int) {
        for (int i = 0; i < 100; ++i)
            admitted += std::holds_alternative<Admitted>(limits.admit(callerAt("192.0.2.7"))) ? 1 : 0;
    });
    QCOMPARE(admitted.load(), 777);
}

void MemoryLimitsTest::threadsGetExactlyTheLimitOfAKey()
{
    const SystemClock clock;
    MemoryLimits limits({.requestsPerSecond = 0, .requestsPerMinute = 30, .blockAfter = 0}, clock);
    const LimitSubject anyone = callerWith({.requestsPerHour = 900, .requestsPerMinute = 777});
    std::atomic<int> admitted = 0;
    inThreads([&](int thread) {
        LimitSubject caller = anyone;
        caller.address = nthAddress(quint32(thread)); // 32 of them have 30 each: 960.
        for (int i = 0; i < 100; ++i)
            admitted += std::holds_alternative<Admitted>(limits.admit(caller)) ? 1 : 0;
    });
    QCOMPARE(admitted.load(), 777);
}

void MemoryLimitsTest::threadsGetExactlyTheReservations()
{
    const SystemClock clock;
    MemoryLimits limits(unlimited, clock);
    const LimitSubject caller =
        callerWith({.tokensPerMinute = 1'000'000, .maxConcurrent = 7, .monthlyTokens = 100'000});
    std::atomic<int> running = 0, most = 0, tokens = 0;
    inThreads([&](int) {
        MemoryLimiter limiter(limits);
        for (int i = 0; i < 500; ++i) {
            limiter.reserve(caller, 30, 20, nullptr, [&](Decision<Reserved> decision) {
                if (!std::holds_alternative<Reserved>(decision))
                    return;
                const int now = ++running;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                tokens += 50;
                --running;
                std::get<Reserved>(decision).reservation->settle(50);
            });
        }
    });
    QVERIFY(most <= 7);
    QCOMPARE(tokens.load(), 100'000);
}

void MemoryLimitsTest::remembersTheAddressesSeenLast()
{
    const TurnedClock clock;
    MemoryLimits limits({.requestsPerSecond = 0, .requestsPerMinute = 1, .maxAddresses = 1600}, clock);
    const LimitSubject faithful = callerAt("192.0.2.7");
    QVERIFY(std::holds_alternative<Admitted>(limits.admit(faithful)));
    for (quint32 n = 0; n < 20'000; ++n) {
        QVERIFY(std::holds_alternative<Admitted>(limits.admit({.address = nthAddress(n)})));
        if (n % 20 == 0) // Seen often enough to stay.
            QVERIFY(std::holds_alternative<Refusal>(limits.admit(faithful)));
    }
    QVERIFY(limits.addressCount() <= 1600);
    QVERIFY(limits.addressCount() > 1500);
    QVERIFY(std::holds_alternative<Admitted>(limits.admit({.address = nthAddress(0)}))); // Forgotten.

    MemoryLimits tiny({.maxAddresses = -1}, clock);
    for (quint32 n = 0; n < 100; ++n)
        QVERIFY(std::holds_alternative<Admitted>(tiny.admit({.address = nthAddress(n)})));
    QVERIFY(tiny.addressCount() <= 16);
}

void MemoryLimitsTest::forgetsIdleKeysOnly()
{
    TurnedClock clock;
    MemoryLimits limits(unlimited, clock);
    MemoryLimiter limiter(limits);
    std::unique_ptr<Reservation> held;
    limiter.reserve(callerWith({.maxConcurrent = 1}, "running"), 1, 1, nullptr,
                    [&](Decision<Reserved> d) { held = std::move(std::get<Reserved>(d).reservation); });
    for (int i = 0; i < 500; ++i)
        static_cast<void>(limits.admit(callerWith({.requestsPerHour = 5}, QByteArray::number(i))));
    QCOMPARE(limits.keyCount(), 501);
    clock.turn(1h + 1ms);
    for (int i = 0; i < 500; ++i) // Reaches every shard.
        static_cast<void>(limits.admit(callerWith({}, "new" + QByteArray::number(i))));
    QVERIFY(limits.keyCount() >= 501 && limits.keyCount() <= 600); // Behind the running one some may hide.
    limiter.reserve(callerWith({.maxConcurrent = 1}, "running"), 1, 1, nullptr,
                    [&](const Decision<Reserved> &d) { QVERIFY(std::holds_alternative<Refusal>(d)); });
    held.reset();
    clock.turn(1h + 1ms);
    for (int i = 0; i < 500; ++i)
        static_cast<void>(limits.admit(callerWith({}, "newer" + QByteArray::number(i))));
    QCOMPARE(limits.keyCount(), 500);
}

void MemoryLimitsTest::takesNewSettingsWhileInUse()
{
    const SystemClock clock;
    MemoryLimits limits({.requestsPerSecond = 0, .requestsPerMinute = 10}, clock);
    std::atomic<int> admitted = 0;
    inThreads([&](int thread) {
        for (int i = 0; i < 100; ++i) {
            if (thread == 0)
                limits.apply({.requestsPerSecond = 0, .requestsPerMinute = 10 + i});
            else
                admitted += std::holds_alternative<Admitted>(limits.admit(callerAt("192.0.2.7"))) ? 1 : 0;
        }
    });
    QVERIFY(admitted >= 10 && admitted <= 109);
    QCOMPARE(limits.settings()->requestsPerMinute, 109);
}

void MemoryLimitsTest::withoutRedisAllIsLocal()
{
    const TurnedClock clock;
    MemoryLimits limits(unlimited, clock);
    SilentLog log;
    QVERIFY(dynamic_cast<MemoryLimiter *>(makeLimiter({}, limits, log).get()));
    QVERIFY(log.events.isEmpty());
    const RedisSettings bad{.enabled = true, .url = Secret("rediss://:hidden@nowhere")};
    QVERIFY(dynamic_cast<MemoryLimiter *>(makeLimiter(bad, limits, log).get()));
    QCOMPARE(log.events, QByteArrayList{"redis unusable, limits are local"});
    QVERIFY(!log.texts.join().contains("hidden"));
}

void MemoryLimitsTest::aHundredThousandAddressesStaySmall()
{
    const TurnedClock clock;
    const auto before = mallinfo2().uordblks;
    MemoryLimits limits({.requestsPerMinute = 60}, clock);
    for (quint32 n = 0; n < 200'000; ++n)
        static_cast<void>(limits.admit({.address = nthAddress(n)}));
    const auto bytes = mallinfo2().uordblks - before;
    QVERIFY(limits.addressCount() > 99'000 && limits.addressCount() <= 100'000);
    qInfo("%zu addresses: %zu bytes", limits.addressCount(), bytes); // 0 under a sanitizer.
    QVERIFY(bytes < 25'000'000);
}

// The budget for admit(), reserve() and settle() together is 2 µs in a release build.
void MemoryLimitsTest::costsLittle()
{
    const SystemClock clock;
    MemoryLimits limits({.requestsPerSecond = 1e9, .requestsPerMinute = 1'000'000'000}, clock);
    MemoryLimiter limiter(limits);
    LimitSubject caller = callerWith({.requestsPerHour = 1'000'000'000,
                                      .requestsPerMinute = 1'000'000'000,
                                      .tokensPerMinute = 4'000'000'000,
                                      .maxConcurrent = 100,
                                      .monthlyTokens = 1'000'000'000'000});
    caller.address = QHostAddress(QStringLiteral("192.0.2.7"));
    int refused = 0;
    QBENCHMARK
    {
        limiter.admit(caller, nullptr, [&](const Decision<Admitted> &decision) {
            refused += std::holds_alternative<Refusal>(decision) ? 1 : 0;
        });
        limiter.reserve(caller, 30, 100, nullptr, [&](const Decision<Reserved> &decision) {
            if (const auto *reserved = std::get_if<Reserved>(&decision))
                reserved->reservation->settle(50);
            else
                ++refused;
        });
    }
    QCOMPARE(refused, 0);
}

QTEST_GUILESS_MAIN(MemoryLimitsTest)
#include "tst_memory_limits.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/address_block.h"
#include "admission/limits/address_key.h"
#include "admission/limits/concurrency.h"
#include "admission/limits/monthly_budget.h"
#include "admission/limits/rate_headers.h"
#include "admission/limits/token_bucket.h"
#include "admission/limits/token_window.h"

#include <QTest>

#include <deque>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

MonotonicTime at(std::chrono::nanoseconds time)
{
    return MonotonicTime(1h + time);
}

WallTime utc(int year, unsigned month, unsigned day, milliseconds time = {})
{
    using namespace std::chrono;
    return sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) + time;
}

} // namespace

class LimitGatesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void bucketPassesABurstAndThenTheRate();
    void bucketPassesExactlyItsRateForHours();
    void bucketTakesOddSettings();
    void windowKnowsToTheMillisecond();
    void windowNeverPassesMoreInAnySpan();
    void windowStaysSmall();
    void windowForgetsAfterFortyNineDays();
    void windowTakesAChangedLimit();
    void blockBeginsWithTheLastRefusalOfAMinute();
    void blocksDoubleUpToTheLongest();
    void blocksAreForgivenAfterAQuietTime();
    void blockCanBeSwitchedOff();
    void concurrencyCountsPlaces();
    void tokensSettleInTheWindowOfTheirReservation();
    void completionIsReservedUpToAQuarter_data();
    void completionIsReservedUpToAQuarter();
    void budgetHoldsUsedAndReserved();
    void budgetTellsUsedFromReserved();
    void budgetReservesWhatIsLeft();
    void budgetTakesTheLedgersWord();
    void budgetBeginsAnewEachMonth();
    void monthsEndInUtc();
    void addressesShareAsTheyShould();
    void headersAreOpenAis();
};

void LimitGatesTest::bucketPassesABurstAndThenTheRate()
{
    TokenBucket bucket;
    const TokenBucket::Bound bound{.perSecond = 10, .burst = 20};
    for (int i = 0; i < 20; ++i) {
        QCOMPARE(bucket.wait(bound, at(0s)), 0ms);
        bucket.take(bound, at(0s));
    }
    QCOMPARE(bucket.wait(bound, at(0s)), 100ms);
    QCOMPARE(bucket.wait(bound, at(99'999'999ns)), 1ms);
    QCOMPARE(bucket.wait(bound, at(100ms)), 0ms);
    bucket.take(bound, at(100ms));
    QCOMPARE(bucket.wait(bound, at(100ms)), 100ms);
    QCOMPARE(bucket.wait(bound, at(10s)), 0ms);
}

void LimitGatesTest::bucketPassesExactlyItsRateForHours()
{
    TokenBucket bucket;
    const TokenBucket::Bound bound{.perSecond = 8, .burst = 4};
    qint64 passed = 0;
    for (milliseconds now = 0ms; now < 2h; now += 5ms) {
        if (bucket.wait(bound, at(now)) == 0ms) {
            bucket.take(bound, at(now));
            ++passed;
        }
    }
    QCOMPARE(passed, 4 + 8 * 7200 - 1); // The last moment is 5 ms short of the two hours.
}

void LimitGatesTest::bucketTakesOddSettings()
{
    TokenBucket none;
    const TokenBucket::Bound noBurst{.perSecond = 1, .burst = 0};
    QCOMPARE(none.wait(noBurst, at(0s)), 0ms);
    none.take(noBurst, at(0s));
    QCOMPARE(none.wait(noBurst, at(0s)), 1000ms);

    TokenBucket slow;
    const TokenBucket::Bound verySlow{.perSecond = 1e-300, .burst = 1};
    slow.take(verySlow, at(0s));
    QVERIFY(slow.wait(verySlow, at(0s)) > 24h);
}

void LimitGatesTest::windowKnowsToTheMillisecond()
{
    SlidingWindow window(1min);
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(window.wait(3, 1, at(i * 10s)), 0ms);
        window.take(1, at(i * 10s));
    }
    QCOMPARE(window.used(at(20s)), 3);
    QCOMPARE(window.untilEmpty(at(20s)), 60s);
    QCOMPARE(window.wait(3, 1, at(20s)), 40s);
    QCOMPARE(window.wait(3, 2, at(20s)), 50s);
    QCOMPARE(window.wait(3, 3, at(20s)), 60s);
    QCOMPARE(window.wait(3, 4, at(20s)), 60s); // Never; there is no truer answer.
    QCOMPARE(window.wait(3, 1, at(60s - 1ms)), 1ms);
    QCOMPARE(window.wait(3, 1, at(60s - 1ns)), 1ms);
    QCOMPARE(window.wait(3, 1, at(60s)), 0ms);
    QCOMPARE(window.used(at(80s)), 0);
    QCOMPARE(window.untilEmpty(at(80s)), 0ms);
}

void LimitGatesTest::windowNeverPassesMoreInAnySpan()
{
    std::mt19937 random(7);
    SlidingWindow window(1min);
    std::deque<std::chrono::nanoseconds> passed;
    constexpr int limit = 2500; // Enough for coarse moments.
    std::chrono::nanoseconds now{};
    int refused = 0;
    for (int i = 0; i < 100'000; ++i) {
        now += std::chrono::nanoseconds(random() % 30'000'000);
        while (!passed.empty() && passed.front() + 1min <= now)
            passed.pop_front();
        if (window.wait(limit, 1, at(now)) > 0ms) {
            ++refused;
            continue;
        }
        window.take(1, at(now));
        passed.push_back(now);
        QVERIFY(passed.size() <= limit);
    }
    QVERIFY(refused > 10'000);
    QVERIFY(passed.size() > limit * 99 / 100); // And coarseness doesn't cost much.
}

void LimitGatesTest::windowStaysSmall()
{
    SlidingWindow window(1h);
    for (int i = 0; i < 1'000'000; ++i)
        window.take(1, at(i * 3ms));
    QCOMPARE(window.used(at(3000s)), 1'000'000);
    QVERIFY2(window.runCount() <= 3602, QByteArray::number(qint64(window.runCount())).constData());
    QVERIFY(sizeof(SlidingWindow) <= 56);
}

void LimitGatesTest::windowForgetsAfterFortyNineDays()
{
    SlidingWindow window(1min);
    window.take(1, at(0s));
    constexpr milliseconds wholeTurn(qint64(1) << 32);
    QCOMPARE(window.used(at(wholeTurn)), 0);
    window.take(1, at(wholeTurn + 10s));
    QCOMPARE(window.wait(1, 1, at(wholeTurn + 11s)), 59s);
}

void LimitGatesTest::windowTakesAChangedLimit()
{
    SlidingWindow window(1min);
    for (int i = 0; i < 10; ++i)
        window.take(1, at(i * 1s));
    QCOMPARE(window.wait(5, 1, at(10s)), 55s); // Six must go: the last of them came at 5 s.
    QCOMPARE(window.wait(11, 1, at(10s)), 0ms);
    QCOMPARE(window.wait(0, 1, at(10s)), 60s);
}

void LimitGatesTest::blockBeginsWithTheLastRefusalOfAMinute()
{
    AddressBlock block;
    const LimitSettings settings{.blockAfter = 3, .blockFor = 60s};
    block.refused(settings, at(0s));
    block.refused(settings, at(30s));
    block.refused(settings, at(60s)); // The first is a minute old.
    QCOMPARE(block.wait(at(60s)), 0ms);
    block.refused(settings, at(89s));
    QCOMPARE(block.wait(at(89s)), 60s);
    QCOMPARE(block.wait(at(149s - 1ns)), 1ms);
    QCOMPARE(block.wait(at(149s)), 0ms);
}

void LimitGatesTest::blocksDoubleUpToTheLongest()
{
    AddressBlock block;
    const LimitSettings settings{.blockAfter = 2, .blockFor = 60s, .longestBlock = 300s};
    std::chrono::seconds now = 0s;
    for (const auto length : {60s, 120s, 240s, 300s, 300s}) {
        block.refused(settings, at(now));
        QCOMPARE(block.wait(at(now)), 0ms); // Counting began anew.
        block.refused(settings, at(now));
        QCOMPARE(block.wait(at(now)), length);
        now += length;
    }
}

void LimitGatesTest::blocksAreForgivenAfterAQuietTime()
{
    const LimitSettings settings{.blockAfter = 1, .blockFor = 60s};
    AddressBlock early;
    early.refused(settings, at(0s));
    early.refused(settings, at(120s - 1ns));
    QCOMPARE(early.wait(at(120s - 1ns)), 120s);
    AddressBlock late;
    late.refused(settings, at(0s));
    late.refused(settings, at(120s));
    QCOMPARE(late.wait(at(120s)), 60s);
}

void LimitGatesTest::blockCanBeSwitchedOff()
{
    AddressBlock block;
    for (int i = 0; i < 1000; ++i)
        block.refused({.blockAfter = 0}, at(0s));
    QCOMPARE(block.wait(at(0s)), 0ms);
}

void LimitGatesTest::concurrencyCountsPlaces()
{
    Concurrency running;
    QVERIFY(!running.hasPlace(0));
    QVERIFY(running.hasPlace(1));
    running.take();
    QVERIFY(!running.hasPlace(1));
    running.release();
    QVERIFY(running.hasPlace(1));
}

void LimitGatesTest::tokensSettleInTheWindowOfTheirReservation()
{
    TokenWindow tokens;
    const auto first = tokens.reserve(600, at(0s));
    QCOMPARE(tokens.wait(1000, 500, at(10s)), 50s);
    const auto second = tokens.reserve(400, at(10s));
    tokens.settle(first, 100, at(30s));
    QCOMPARE(tokens.used(at(30s)), 500);
    QCOMPARE(tokens.wait(1000, 500, at(30s)), 0ms);
    tokens.settle(second, 1300, at(50s)); // More than reserved counts, too, from 10 s on.
    QCOMPARE(tokens.used(at(50s)), 1400);
    QCOMPARE(tokens.used(at(60s)), 1300);
    QCOMPARE(tokens.wait(1000, 1, at(60s)), 10s);
    QCOMPARE(tokens.used(at(70s)), 0);

    const auto late = tokens.reserve(100, at(100s));
    tokens.settle(late, 1'000'000, at(160s)); // Its window is over.
    QCOMPARE(tokens.used(at(160s)), 0);
}

void LimitGatesTest::completionIsReservedUpToAQuarter_data()
{
    QTest::addColumn<qint64>("limit");
    QTest::addColumn<qint64>("prompt");
    QTest::addColumn<qint64>("asked");
    QTest::addColumn<qint64>("reserved");
    QTest::newRow("what was asked for") << 100'000ll << 50ll << 4096ll << 4096ll;
    QTest::newRow("a quarter") << 1000ll << 50ll << 4096ll << 250ll;
    QTest::newRow("what a long prompt leaves") << 1000ll << 900ll << 4096ll << 100ll;
    QTest::newRow("nothing is left") << 1000ll << 1000ll << 4096ll << 0ll;
    QTest::newRow("a prompt over the limit") << 1000ll << 1001ll << 4096ll << 0ll;
    QTest::newRow("nothing asked for") << 1000ll << 10ll << 0ll << 0ll;
}

void LimitGatesTest::completionIsReservedUpToAQuarter()
{
    QFETCH(qint64, limit);
    QFETCH(qint64, prompt);
    QFETCH(qint64, asked);
    QTEST(completionToReserve(limit, prompt, asked), "reserved");
}

void LimitGatesTest::budgetHoldsUsedAndReserved()
{
    const WallTime now = utc(2026, 2, 27, 12h);
    MonthlyBudget budget;
    budget.update(0, now);
    QVERIFY(!budget.stop(1000, 100, now));
    const auto first = budget.reserve(1000, 100, 200);
    QCOMPARE(first.tokens, 300);
    QCOMPARE(budget.taken(), 300);
    budget.settle(first, 950, now);
    QCOMPARE(budget.taken(), 950);
    QVERIFY(!budget.stop(1000, 50, now));
    const auto stop = budget.stop(1000, 51, now);
    QVERIFY(stop);
    QVERIFY(stop->gate == Gate::Budget);
    QCOMPARE(stop->wait, 36h);
}

void LimitGatesTest::budgetTellsUsedFromReserved()
{
    const WallTime now = utc(2026, 2, 27);
    MonthlyBudget budget;
    budget.update(900, now);
    const auto place = budget.reserve(1000, 80, 4096);
    QCOMPARE(place.tokens, 100);
    const auto stop = budget.stop(1000, 50, now);
    QVERIFY(stop && stop->gate == Gate::BudgetInUse);
    QCOMPARE(stop->wait, unknownWait);
    QVERIFY(budget.stop(1000, 101, now)->gate == Gate::Budget);
    budget.settle(place, 0, now);
    QVERIFY(!budget.stop(1000, 50, now));
}

void LimitGatesTest::budgetReservesWhatIsLeft()
{
    const WallTime now = utc(2026, 2, 27);
    MonthlyBudget budget;
    budget.update(700, now);
    QCOMPARE(budget.reserve(1000, 10, 4096).tokens, 260);
    QCOMPARE(budget.reserve(1000, 10, 4096).tokens, 40);
    QCOMPARE(budget.taken(), 1000);
    QVERIFY(budget.stop(1000, 0, now)); // Even an empty prompt has an answer.
}

void LimitGatesTest::budgetTakesTheLedgersWord()
{
    const WallTime now = utc(2026, 2, 27);
    MonthlyBudget budget;
    budget.update(500, now);
    QCOMPARE(budget.taken(), 500);
    budget.settle(budget.reserve(1000, 100, 0), 100, now);
    budget.update(500, now); // The ledger is behind.
    QCOMPARE(budget.taken(), 600);
    budget.update(800, now); // Others have used some.
    QCOMPARE(budget.taken(), 800);
}

void LimitGatesTest::budgetBeginsAnewEachMonth()
{
    MonthlyBudget budget;
    budget.update(900, utc(2026, 12, 31, 23h));
    const auto place = budget.reserve(1000, 100, 0);
    budget.update(0, utc(2027, 1, 1));
    QCOMPARE(budget.taken(), 0);
    budget.settle(place, 100, utc(2027, 1, 1));
    QCOMPARE(budget.taken(), 0);
}

void LimitGatesTest::monthsEndInUtc()
{
    QCOMPARE(monthOf(utc(2026, 1, 1)), 2026 * 12);
    QCOMPARE(monthOf(utc(2026, 12, 31, 24h - 1ms)), 2026 * 12 + 11);
    QCOMPARE(untilNextMonth(utc(2026, 12, 31, 24h - 1ms)), 1ms);
    QCOMPARE(untilNextMonth(utc(2028, 2, 1)), 29 * 24h);
}

void LimitGatesTest::addressesShareAsTheyShould()
{
    const auto key = [](const char *text) {
        return addressKey(QHostAddress(QString::fromLatin1(text)));
    };
    QCOMPARE(key("::ffff:192.0.2.7"), key("192.0.2.7"));
    QVERIFY(key("192.0.2.7") != key("192.0.2.8"));
    QCOMPARE(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
    QVERIFY(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
    QVERIFY(key("::1") != key("127.0.0.1"));

    const auto limited = [](const char *text, bool loopback) {
        return isLimited(QHostAddress(QString::fromLatin1(text)), {.appliesToLoopback = loopback});
    };
    QVERIFY(limited("192.0.2.7", false));
    QVERIFY(!limited("127.0.0.2", false) && !limited("::1", false) && !limited("::ffff:127.0.0.1", false));
    QVERIFY(limited("127.0.0.2", true));
    QVERIFY(!isLimited(QHostAddress(), {.appliesToLoopback = true}));
}

void LimitGatesTest::headersAreOpenAis()
{
    QCOMPARE(spanText(0s), QByteArray("0s"));
    QCOMPARE(spanText(1s), QByteArray("1s"));
    QCOMPARE(spanText(360s), QByteArray("6m0s"));
    QCOMPARE(spanText(3723s), QByteArray("1h2m3s"));
    QCOMPARE(spanText(3600s), QByteArray("1h0m0s"));
    QCOMPARE(spanText(31 * 24h), QByteArray("744h0m0s"));

    QVERIFY(rateHeaders({}).isEmpty());
    const QList<QPair<QByteArray, QByteArray>> expected{
        {"x-ratelimit-limit-requests", "60"},  {"x-ratelimit-remaining-requests", "59"},
        {"x-ratelimit-reset-requests", "1s"},  {"x-ratelimit-limit-tokens", "150000"},
        {"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}};
    QCOMPARE(rateHeaders({RateFigures::Figure{60, 59, 1s}, RateFigures::Figure{150'000, 0, 360s}}), expected);
}

QTEST_GUILESS_MAIN(LimitGatesTest)
#include "tst_limit_gates.moc"

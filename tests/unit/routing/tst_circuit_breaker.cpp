// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/circuit_breaker.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using State = CircuitBreaker::State;
constexpr MonotonicTime start{1h};

/// Open at `start`, for the whole of the first rest.
CircuitBreaker opened(RouteFailure failure = RouteFailure::Unreachable)
{
    CircuitBreaker breaker;
    const int needed = failure == RouteFailure::Unreachable ? 1 : CircuitBreaker::tolerance;
    for (int i = 0; i < needed; ++i)
        breaker.failed(failure, 0, start, 1);
    return breaker;
}

} // namespace

class CircuitBreakerTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aNewOneIsClosedAndNoRequestIsATrial()
    {
        CircuitBreaker breaker;
        QCOMPARE(breaker.state(start), State::Closed);
        QVERIFY(breaker.admits(start));
        QVERIFY(breaker.admitsAtNeed());
        QVERIFY(!breaker.begin());
        QVERIFY(!breaker.begin());
        QVERIFY(breaker.admits(start));
    }

    void oneThatCantBeReachedIsLeftAloneAtOnce()
    {
        const CircuitBreaker breaker = opened();
        QCOMPARE(breaker.state(start), State::Open);
        QVERIFY(!breaker.admits(start));
        QVERIFY(breaker.admitsAtNeed());
        QCOMPARE(breaker.restsUntil(), start + CircuitBreaker::firstRest);
    }

    void aBrokenOneIsLeftAloneAfterSeveralFailuresInARow()
    {
        CircuitBreaker breaker;
        for (int i = 1; i < CircuitBreaker::tolerance; ++i)
            breaker.failed(RouteFailure::Broken, 0, start, 0);
        QCOMPARE(breaker.state(start), State::Closed);
        breaker.failed(RouteFailure::Broken, 0, start, 0);
        QCOMPARE(breaker.state(start), State::Open);
    }

    void anAnswerEndsTheRow_data()
    {
        QTest::addColumn<int>("answer");
        QTest::newRow("answer") << -1;
        for (const RouteFailure no :
             {RouteFailure::None, RouteFailure::Busy, RouteFailure::Unfit, RouteFailure::TooLong})
            QTest::addRow("failure %d", int(no)) << int(no);
    }

    void anAnswerEndsTheRow()
    {
        QFETCH(int, answer);
        CircuitBreaker breaker;
        for (int i = 0; i < 3 * CircuitBreaker::tolerance; ++i) {
            if (i % (CircuitBreaker::tolerance - 1) != 0)
                breaker.failed(RouteFailure::Broken, 0, start, 0);
            else if (answer < 0)
                breaker.succeeded();
            else
                breaker.failed(RouteFailure(answer), 0, start, 0);
        }
        QCOMPARE(breaker.state(start), State::Closed);
    }

    void theRestIsHalfToAllAsChanceHasIt()
    {
        for (const double chance : {0.0, 0.25, 0.5, 0.999}) {
            CircuitBreaker breaker;
            breaker.failed(RouteFailure::Unreachable, 0, start, chance);
            const auto rest = breaker.restsUntil() - start;
            QVERIFY(std::chrono::abs(rest - CircuitBreaker::firstRest * (1 + chance) / 2) < 1us);
            QVERIFY(rest >= CircuitBreaker::firstRest / 2 && rest <= CircuitBreaker::firstRest);
        }
        CircuitBreaker wild; // Chance out of bounds.
        wild.failed(RouteFailure::Unreachable, 0, start, 7);
        QCOMPARE(wild.restsUntil(), start + CircuitBreaker::firstRest);
    }

    void afterTheRestOneTrialIsLetThrough()
    {
        CircuitBreaker breaker = opened();
        const MonotonicTime end = breaker.restsUntil();
        QVERIFY(!breaker.admits(end - 1ns));
        QCOMPARE(breaker.state(end - 1ns), State::Open);
        QCOMPARE(breaker.state(end), State::HalfOpen);
        QVERIFY(breaker.admits(end));
        QVERIFY(breaker.begin());
        QCOMPARE(breaker.state(end), State::HalfOpen);
        QVERIFY(!breaker.admits(end + 1h));
        QVERIFY(!breaker.admitsAtNeed());
        QVERIFY(!breaker.begin());
    }

    void aTrialAtNeedIsTheOnlyOne()
    {
        CircuitBreaker breaker = opened();
        QVERIFY(breaker.begin());
        QCOMPARE(breaker.state(start), State::HalfOpen);
        QVERIFY(!breaker.admitsAtNeed());
        QVERIFY(!breaker.admits(breaker.restsUntil()));
    }

    void aTrialThatIsAnsweredCloses()
    {
        CircuitBreaker breaker = opened();
        QVERIFY(breaker.begin());
        breaker.succeeded();
        QCOMPARE(breaker.state(start), State::Closed);
        QVERIFY(!breaker.begin());
        breaker.failed(RouteFailure::Broken, 0, start, 1); // The row begins anew.
        QCOMPARE(breaker.state(start), State::Closed);
        breaker.failed(RouteFailure::Unreachable, 0, start, 1); // And so do the rests.
        QCOMPARE(breaker.restsUntil(), start + CircuitBreaker::firstRest);
    }

    void eachFailedTrialDoublesTheRestUpToTheLongest_data()
    {
        QTest::addColumn<RouteFailure>("failure");
        QTest::addColumn<std::chrono::milliseconds>("longest");
        QTest::newRow("broken") << RouteFailure::Broken << CircuitBreaker::longestRest;
        QTest::newRow("unreachable") << RouteFailure::Unreachable << CircuitBreaker::longestAbsence;
    }

    void eachFailedTrialDoublesTheRestUpToTheLongest()
    {
        QFETCH(RouteFailure, failure);
        QFETCH(std::chrono::milliseconds, longest);
        CircuitBreaker breaker = opened();
        std::chrono::milliseconds rest = CircuitBreaker::firstRest;
        MonotonicTime now = start;
        for (int i = 0; i < 10; ++i) {
            now = breaker.restsUntil();
            const CircuitBreaker::Trial trial = breaker.begin();
            QVERIFY(trial != 0);
            breaker.failed(failure, trial, now, 1); // One broken answer is enough here.
            rest = std::min(2 * rest, longest);
            QCOMPARE(breaker.restsUntil() - now, MonotonicTime::duration(rest));
            QCOMPARE(breaker.state(now), State::Open);
            QCOMPARE(breaker.wasUnreachable(), failure == RouteFailure::Unreachable);
        }
        QCOMPARE(rest, longest);
    }

    void failuresOfRequestsThatWereUnderWayDontProlongTheRest()
    {
        CircuitBreaker breaker = opened();
        const MonotonicTime end = breaker.restsUntil();
        for (int i = 0; i < 20; ++i)
            breaker.failed(RouteFailure::Unreachable, 0, start + 100ms, 1);
        QCOMPARE(breaker.restsUntil(), end);
        breaker.failed(RouteFailure::Broken, 0, end, 1);
        QVERIFY(breaker.admits(end));
    }

    void failuresOfRequestsThatWereUnderWayDontEndTheTrial()
    {
        CircuitBreaker breaker = opened();
        const MonotonicTime end = breaker.restsUntil();
        const CircuitBreaker::Trial trial = breaker.begin();
        breaker.failed(RouteFailure::Unreachable, 0, end, 1);
        breaker.failed(RouteFailure::Broken, 0, end, 1);
        QVERIFY(!breaker.admitsAtNeed());
        QCOMPARE(breaker.restsUntil(), end);
        breaker.failed(RouteFailure::Unreachable, trial, end, 1);
        QVERIFY(breaker.admitsAtNeed());
        QVERIFY(breaker.restsUntil() > end);
    }

    void anEarlierTrialDoesntEndTheOneThatRuns()
    {
        CircuitBreaker breaker = opened();
        const CircuitBreaker::Trial early = breaker.begin();
        breaker.succeeded(); // Another request's doing.
        breaker.failed(RouteFailure::Unreachable, 0, start, 1);
        const CircuitBreaker::Trial late = breaker.begin();
        QVERIFY(late != 0 && late != early);
        breaker.failed(RouteFailure::Unreachable, early, start, 1);
        breaker.abandoned(early);
        QVERIFY(!breaker.admitsAtNeed());
        breaker.abandoned(late);
        QVERIFY(breaker.admitsAtNeed());
    }

    void aLateAnswerClosesARestingOne()
    {
        CircuitBreaker breaker = opened();
        breaker.succeeded();
        QCOMPARE(breaker.state(start), State::Closed);
    }

    void anAbandonedTrialLetsTheNextOneThrough()
    {
        CircuitBreaker breaker = opened();
        const MonotonicTime end = breaker.restsUntil();
        const CircuitBreaker::Trial trial = breaker.begin();
        breaker.abandoned(0); // Somebody else.
        QVERIFY(!breaker.admits(end));
        breaker.abandoned(trial);
        QCOMPARE(breaker.restsUntil(), end);
        QVERIFY(breaker.admits(end));
        QVERIFY(breaker.begin());
    }

    void aProbesAnswerClosesAnUnreachableOne()
    {
        CircuitBreaker breaker = opened();
        breaker.probed(true, start + 1ms, 1);
        QCOMPARE(breaker.state(start + 1ms), State::Closed);
        QVERIFY(!breaker.begin());
        breaker.failed(RouteFailure::Unreachable, 0, start + 2ms, 1); // The rests begin anew.
        QCOMPARE(breaker.restsUntil(), start + 2ms + CircuitBreaker::firstRest);
    }

    void aTrialThatTakesLongKeepsNobodyFromWhatAnswersProbes()
    {
        CircuitBreaker breaker = opened();
        const CircuitBreaker::Trial trial = breaker.begin();
        breaker.probed(true, start + 2ms, 1);
        QVERIFY(breaker.admits(start + 2ms));
        for (int i = 1; i < CircuitBreaker::tolerance; ++i)
            breaker.failed(RouteFailure::Broken, i == 1 ? trial : 0, start + 3ms, 1);
        QCOMPARE(breaker.state(start + 3ms), State::Closed); // The trial is a request like others now.
        breaker.failed(RouteFailure::Broken, 0, start + 3ms, 1);
        QCOMPARE(breaker.state(start + 3ms), State::Open);
    }

    void aProbesAnswerSaysNothingOfABrokenOne()
    {
        CircuitBreaker breaker = opened(RouteFailure::Broken);
        const MonotonicTime end = breaker.restsUntil();
        breaker.probed(true, start + 1ms, 1);
        QCOMPARE(breaker.restsUntil(), end);
        QVERIFY(!breaker.admits(start + 1ms));
    }

    void aProbeWithoutAnswerOpens()
    {
        CircuitBreaker breaker;
        breaker.probed(true, start, 1);
        QCOMPARE(breaker.state(start), State::Closed);
        breaker.probed(false, start, 1);
        QCOMPARE(breaker.state(start), State::Open);
        QCOMPARE(breaker.restsUntil(), start + CircuitBreaker::firstRest);
        breaker.probed(false, start + 1ms, 1); // It rests already.
        QCOMPARE(breaker.restsUntil(), start + CircuitBreaker::firstRest);
        const MonotonicTime end = breaker.restsUntil();
        breaker.probed(false, end, 1); // In place of a request that would have failed.
        QCOMPARE(breaker.restsUntil(), end + 2 * CircuitBreaker::firstRest);
        breaker.probed(true, end + 1ms, 1);
        QCOMPARE(breaker.state(end + 1ms), State::Closed);
    }

    void aProbeWithoutAnswerLeavesTheVerdictToATrial()
    {
        CircuitBreaker breaker = opened();
        const MonotonicTime end = breaker.restsUntil();
        QVERIFY(breaker.begin());
        breaker.probed(false, end, 1);
        QCOMPARE(breaker.restsUntil(), end);
        QVERIFY(!breaker.admitsAtNeed());
        breaker.succeeded();
        QCOMPARE(breaker.state(end), State::Closed);
    }
};

QTEST_GUILESS_MAIN(CircuitBreakerTest)
#include "tst_circuit_breaker.moc"

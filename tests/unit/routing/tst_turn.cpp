// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/routing/group_fixture.h"

#include <QTest>

#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

/// How requests wait for a place.
class TurnTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aPlaceThatIsThereIsGivenAtOnce()
    {
        const auto group = groupOf(m_clock, 1, 2);
        const Asker first(group, wishFor("a"));
        QCOMPARE(first.told, 1);
        QCOMPARE(first.route(), QByteArray("a"));
        QVERIFY(!first.turn().isWaiting());
        QCOMPARE(first.turn().placeInQueue(), 0);
        QCOMPARE(group->traffic().first().outstanding, 1);
    }

    void whoFindsAllFullWaitsUntilAPlaceIsGivenBack()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker first(group, wishFor("ab"));
        Asker second(group, wishFor("ab"));
        QVERIFY(first.route() != second.route());
        const Asker third(group, wishFor("ab"));
        QCOMPARE(third.told, 0);
        QVERIFY(third.turn().isWaiting());
        QCOMPARE(third.turn().placeInQueue(), 1);
        QCOMPARE(group->waiting(), 1);
        const QByteArray freed = second.route();
        second.place = {};
        QCOMPARE(third.told, 0); // From the event loop only.
        QTRY_COMPARE(third.told, 1);
        QCOMPARE(third.route(), freed);
        QCOMPARE(group->waiting(), 0);
        QVERIFY(!third.turn().isWaiting());
    }

    void whoWaitsForOneRouteDoesntHoldUpWhoWantsAnother()
    {
        const auto group = groupOf(m_clock, 2, 1);
        const Asker first(group, wishFor("a"));
        const Asker second(group, wishFor("a"));
        QVERIFY(second.turn().isWaiting());
        const Asker third(group, wishFor("b"));
        QCOMPARE(third.route(), QByteArray("b"));
    }

    void payersTakeTurns()
    {
        const auto group = groupOf(m_clock, 1, 1);
        Asker first(group, wishFor("a"));
        std::vector<std::unique_ptr<Asker>> greedy;
        for (int i = 0; i < 200; ++i)
            greedy.push_back(std::make_unique<Asker>(group, wishFor("a", "m", "greedy")));
        Asker modest(group, wishFor("a", "m", "modest"));
        QCOMPARE(modest.turn().placeInQueue(), 2);
        QCOMPARE(greedy.at(2)->turn().placeInQueue(), 4);
        first.place = {};
        QTRY_COMPARE(greedy.front()->told, 1);
        QCOMPARE(modest.told, 0);
        greedy.front()->place = {};
        QTRY_COMPARE(modest.told, 1);
        QCOMPARE(greedy.at(1)->told, 0);
        QCOMPARE(group->traffic().first().outstanding, 1);
    }

    void whoLeavesTheQueueIsntServed()
    {
        const auto group = groupOf(m_clock, 1, 1);
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("a"));
        Asker third(group, wishFor("a"));
        QCOMPARE(third.turn().placeInQueue(), 2);
        second.leave();
        QCOMPARE(group->waiting(), 1);
        QCOMPARE(third.turn().placeInQueue(), 1);
        first.place = {};
        QTRY_COMPARE(third.told, 1);
        QCOMPARE(second.told, 0);
    }

    void whoLeavesWhileAPlaceIsOnItsWayGivesItBack()
    {
        const auto group = groupOf(m_clock, 1, 1);
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("a"));
        const Asker third(group, wishFor("a"));
        first.place = {};
        QCOMPARE(group->waiting(), 1); // It was granted to the second, who wasn't told yet.
        QCOMPARE(group->traffic().first().outstanding, 1);
        second.leave();
        QCOMPARE(group->waiting(), 0);
        QTRY_COMPARE(third.told, 1);
        QCOMPARE(second.told, 0);
        QCOMPARE(group->traffic().first().outstanding, 1);
    }

    void whoIsToldMayEndTheTurn()
    {
        const auto group = groupOf(m_clock, 1, 1);
        Asker first(group, wishFor("a"));
        int told = 0;
        for (int i = 0; i < 2; ++i) { // Later, and at once.
            auto *turn = new Turn(group, wishFor("a"));
            turn->take([&told, turn](const Result<Place> &) {
                ++told;
                delete turn;
            });
            first.place = {};
            QTRY_COMPARE(told, i + 1);
        }
        QCOMPARE(group->traffic().first().outstanding, 0);
    }

    void aFullQueueRefuses()
    {
        const auto group = groupOf(m_clock, 1, 1, {.queueLimit = 2});
        Asker first(group, wishFor("a"));
        const Asker second(group, wishFor("a"));
        const Asker third(group, wishFor("a"));
        const Asker fourth(group, wishFor("a"));
        QCOMPARE(fourth.told, 1);
        QCOMPARE(fourth.error->code, ErrorCode::Overloaded);
        QVERIFY(!fourth.error->message.isEmpty());
        QVERIFY(fourth.error->retryAfter >= 1s && fourth.error->retryAfter <= 60s);
        QCOMPARE(group->waiting(), 2);
        const auto without = groupOf(m_clock, 1, 1, {.queueLimit = 0});
        const Asker one(without, wishFor("a"));
        const Asker other(without, wishFor("a"));
        QVERIFY(one.place && other.error);
    }

    void whoFillsTheQueueMakesRoomForOthers()
    {
        const auto group = groupOf(m_clock, 1, 1, {.queueLimit = 3});
        Asker first(group, wishFor("a"));
        std::vector<std::unique_ptr<Asker>> greedy;
        for (int i = 0; i < 3; ++i)
            greedy.push_back(std::make_unique<Asker>(group, wishFor("a", "m", "greedy")));
        const Asker more(group, wishFor("a", "m", "greedy"));
        QCOMPARE(more.error->code, ErrorCode::Overloaded);
        const Asker modest(group, wishFor("a", "m", "modest"));
        QVERIFY(modest.turn().isWaiting());
        QCOMPARE(group->waiting(), 3);
        QTRY_COMPARE(greedy.at(2)->told, 1); // The newest one.
        QCOMPARE(greedy.at(2)->error->code, ErrorCode::Overloaded);
        QVERIFY(!greedy.at(2)->error->message.isEmpty());
        QVERIFY(greedy.at(2)->error->retryAfter >= 1s && greedy.at(2)->error->retryAfter <= 60s);
        const Asker second(group, wishFor("a", "m", "modest")); // Both would have as many then.
        QCOMPARE(second.error->code, ErrorCode::Overloaded);
        first.place = {};
        QTRY_COMPARE(greedy.at(0)->told, 1);
        greedy.at(0)->place = {};
        QTRY_COMPARE(modest.route(), QByteArray("a"));
        QCOMPARE(greedy.at(1)->told, 0);
    }

    void whoHasWaitedElsewhereWaitsThatMuchLess()
    {
        const auto group = groupOf(m_clock, 1, 1, {.queueTimeout = 60s});
        Asker first(group, wishFor("a"));
        Wish wish = wishFor("a");
        wish.waited = 60s - 20ms;
        const Asker second(group, wish);
        QCOMPARE(second.told, 0);
        QTRY_COMPARE(second.told, 1);
        QCOMPARE(second.error->code, ErrorCode::Overloaded);
        wish.waited = 60s;
        const Asker third(group, wish);
        QCOMPARE(third.told, 1); // At once.
        QCOMPARE(third.error->code, ErrorCode::Overloaded);
        QVERIFY(third.error->retryAfter >= 1s);
        first.place = {};
        QVERIFY(Asker(group, wish).place); // Who needn't wait is served.
    }

    void theSlowerPlacesComeTheLaterRefusedOnesAreBidden()
    {
        const auto group = groupOf(m_clock, 1, 1, {.queueLimit = 1});
        const auto bidden = [&] {
            const Asker first(group, wishFor("a"));
            const Asker second(group, wishFor("a"));
            return *Asker(group, wishFor("a")).error->retryAfter;
        };
        const auto before = bidden();
        for (int i = 0; i < 20; ++i) {
            const Asker slow(group, wishFor("a"));
            m_clock.advance(10s);
        }
        QVERIFY(bidden() > before && bidden() <= 20s);
        for (int i = 0; i < 20; ++i) {
            const Asker slower(group, wishFor("a"));
            m_clock.advance(1h);
        }
        QCOMPARE(bidden(), 60s);
    }

    void whoWaitsTooLongIsRefused()
    {
        const auto group = groupOf(m_clock, 1, 1, {.queueTimeout = 20ms});
        Asker first(group, wishFor("a"));
        const Asker second(group, wishFor("a"));
        QCOMPARE(second.told, 0);
        QTRY_COMPARE(second.told, 1);
        QCOMPARE(second.error->code, ErrorCode::Overloaded);
        QVERIFY(second.error->retryAfter >= 1s && second.error->retryAfter <= 60s);
        QCOMPARE(group->waiting(), 0);
        first.place = {};
        QCOMPARE(group->traffic().first().outstanding, 0);
    }

    void newBoundsLetInWhoWaits()
    {
        const auto group = groupOf(m_clock, 1, 1);
        const Asker first(group, wishFor("a"));
        const Asker second(group, wishFor("a"));
        const Asker third(group, wishFor("a"));
        const Asker fourth(group, wishFor("a"));
        group->configure({{.key = "a", .maxConcurrent = 3}}, {});
        QTRY_COMPARE(third.told, 1);
        QVERIFY(second.place && third.place);
        QCOMPARE(group->waiting(), 1);
        QCOMPARE(group->traffic().first().outstanding, 3);
        group->configure({{.key = "a", .maxConcurrent = 1}}, {}); // Who is in stays in.
        QCOMPARE(group->waiting(), 1);
        group->configure({{.key = "a"}}, {});
        QTRY_COMPARE(fourth.told, 1);
    }

    void whoWaitsForARouteThatIsRemovedIsRefused()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker first(group, wishFor("a"));
        const Asker second(group, wishFor("b"));
        const Asker third(group, wishFor("a"));
        const Asker fourth(group, wishFor("ab"));
        group->configure({{.key = "b", .maxConcurrent = 1}}, {});
        QTRY_COMPARE(third.told, 1);
        QCOMPARE(third.error->code, ErrorCode::UpstreamUnreachable);
        QVERIFY(fourth.turn().isWaiting()); // "b" is left.
        first.place = {};                   // A place at a route that is gone: nobody gets it.
        QVERIFY(fourth.turn().isWaiting());
        QCOMPARE(group->traffic(), (QList<RouteTraffic>{{.key = "b", .outstanding = 1}}));
        group->configure({{.key = "b", .maxConcurrent = 1}, {.key = "a", .maxConcurrent = 1}}, {});
        QTRY_COMPARE(fourth.route(), QByteArray("a"));
        QCOMPARE(Asker(group, wishFor("z")).error->code, ErrorCode::UpstreamUnreachable);
    }

    // Their hope was the place of a route that is closed by the request which had it.
    void whenTheLastRouteFailsOneOfThoseWhoWaitTriesIt()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker other(group, wishFor("b"));
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("ab"));
        const Asker third(group, wishFor("ab"));
        QCOMPARE(group->waiting(), 2);
        other.place.failed(unreachable()); // "b" is left alone; there is still "a".
        QCOMPARE(group->waiting(), 2);
        first.place.failed(unreachable());
        QTRY_COMPARE(second.told, 1);
        QTRY_COMPARE(third.told, 1);
        QCOMPARE(group->waiting(), 0);
        // At need, "b" first, then "a": one trial each.
        QCOMPARE((QSet<QByteArray>{second.route(), third.route()}), (QSet<QByteArray>{"a", "b"}));
    }

    void whenTheOnlyRouteFailsTheOthersFailWithIt()
    {
        const auto group = groupOf(m_clock, 1, 1);
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("a"));
        const Asker third(group, wishFor("a"));
        const Asker fourth(group, wishFor("a"));
        first.place.failed(unreachable());
        QTRY_COMPARE(fourth.told, 1);
        QCOMPARE(second.route(), QByteArray("a"));
        for (const Asker *refused : {&third, &fourth}) {
            QCOMPARE(refused->told, 1);
            QCOMPARE(refused->error->message, unreachable().message);
            QVERIFY(refused->error->retryAfter >= 1s);
        }
        QCOMPARE(group->waiting(), 0);
    }

    void whoWaitsFindsOutThatARestHasEnded()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker(group, wishFor("a")).place.failed(unreachable());
        const Asker first(group, wishFor("b"));
        const Asker second(group, wishFor("ab"));
        QVERIFY(second.turn().isWaiting());
        m_clock.advance(CircuitBreaker::firstRest); // Nothing else happens.
        QTRY_COMPARE(second.route(), QByteArray("a"));
    }

    void whoComesWhenARestHasEndedGoesBehindThoseWhoWait()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker(group, wishFor("a")).place.failed(unreachable());
        const Asker first(group, wishFor("b"));
        const Asker second(group, wishFor("ab"));
        m_clock.advance(CircuitBreaker::firstRest);
        const Asker third(group, wishFor("ab"));
        QVERIFY(third.turn().isWaiting());
        QTRY_COMPARE(second.route(), QByteArray("a"));
        QCOMPARE(third.told, 0);
    }

    void aProbesAnswerLetsOneIn()
    {
        const auto group = groupOf(m_clock, 2, 1);
        Asker(group, wishFor("a")).place.failed(unreachable());
        const Asker first(group, wishFor("b"));
        const Asker second(group, wishFor("ab"));
        group->probed("a", false);
        QCOMPARE(group->waiting(), 1);
        group->probed("a", true);
        QCOMPARE(group->waiting(), 0);
        QTRY_COMPARE(second.route(), QByteArray("a"));
    }

    void anAnsweredTrialLetsThemIn()
    {
        const auto group = groupOf(m_clock, 2, 2);
        Asker(group, wishFor("a")).place.failed(unreachable());
        m_clock.advance(CircuitBreaker::firstRest);
        Asker trial(group, wishFor("a"));
        const Asker first(group, wishFor("b"));
        const Asker second(group, wishFor("b"));
        const Asker third(group, wishFor("ab"));
        QVERIFY(third.turn().isWaiting());
        trial.place.succeeded();
        QCOMPARE(group->waiting(), 0); // At once, not when time has passed.
        QTRY_COMPARE(third.route(), QByteArray("a"));
    }

private:
    ManualClock m_clock;
};

QTEST_GUILESS_MAIN(TurnTest)
#include "tst_turn.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/waiting_room.h"

#include <QElapsedTimer>
#include <QSet>
#include <QTest>

#include <random>
#include <vector>

using namespace gatehouse;

namespace {

using Id = WaitingRoom::Id;

std::optional<Id> nextOf(WaitingRoom &room)
{
    return room.next([](Id) { return true; });
}

std::vector<Id> allOf(WaitingRoom &room)
{
    std::vector<Id> order;
    while (const std::optional<Id> id = nextOf(room))
        order.push_back(*id);
    return order;
}

} // namespace

class WaitingRoomTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void onePayersRequestsAreServedAsTheyCame()
    {
        WaitingRoom room;
        for (Id id = 1; id <= 5; ++id)
            room.add(id, "a", qint64(id) * 3000);
        QCOMPARE(room.size(), 5);
        QCOMPARE(allOf(room), (std::vector<Id>{1, 2, 3, 4, 5}));
        QCOMPARE(room.size(), 0);
        QVERIFY(!nextOf(room));
    }

    void payersTakeTurns()
    {
        WaitingRoom room;
        for (Id id = 1; id <= 3; ++id) {
            room.add(id, "a", 100);
            room.add(10 + id, "b", 100);
        }
        QCOMPARE(allOf(room), (std::vector<Id>{1, 11, 2, 12, 3, 13}));
    }

    void aSingleRequestWaitsForOneOfAnothersTwoHundredAtMost_data()
    {
        QTest::addColumn<int>("tokens");
        for (const int tokens : {1, 50, 1024, 100'000})
            QTest::addRow("%d", tokens) << tokens;
    }

    void aSingleRequestWaitsForOneOfAnothersTwoHundredAtMost()
    {
        QFETCH(int, tokens);
        for (int servedBefore = 0; servedBefore < 50; ++servedBefore) {
            WaitingRoom room;
            for (Id id = 1; id <= 200; ++id)
                room.add(id, "greedy", tokens);
            for (int i = 0; i < servedBefore; ++i)
                QVERIFY(nextOf(room));
            room.add(1000, "modest", 3000);
            QVERIFY(room.placeOf(1000) <= 2);
            if (nextOf(room) != std::optional<Id>(1000))
                QCOMPARE(nextOf(room), std::optional<Id>(1000));
        }
    }

    void aSingleRequestWaitsForOneOfEachOfTheOthersAtMost()
    {
        WaitingRoom room;
        constexpr int others = 20;
        for (Id id = 0; id < 400; ++id)
            room.add(id, "greedy " + QByteArray::number(int(id % others)), qint64(1 + 37 * id));
        for (int i = 0; i < 133; ++i)
            QVERIFY(nextOf(room));
        room.add(1000, "modest", 10);
        QSet<Id> payers;
        for (auto id = nextOf(room); id != std::optional<Id>(1000); id = nextOf(room)) {
            QVERIFY(id);
            QVERIFY(!payers.contains(*id % others));
            payers.insert(*id % others);
        }
    }

    void whoAlwaysWaitsGetsEqualTokens()
    {
        WaitingRoom room;
        std::mt19937 random(7);
        const qint64 longest[] = {50, 2000, 30'000}; // Tokens of one request.
        qint64 got[3] = {};
        std::vector<std::pair<int, qint64>> requests;
        const auto come = [&](int payer) {
            const qint64 tokens = 1 + qint64(random()) % longest[payer];
            room.add(requests.size(), QByteArray::number(payer), tokens);
            requests.emplace_back(payer, tokens);
        };
        for (int i = 0; i < 3; ++i) { // Two each, so that nobody ever leaves.
            come(i);
            come(i);
        }
        for (int i = 0; i < 50'000; ++i) {
            const auto [payer, tokens] = requests.at(*nextOf(room));
            got[payer] += tokens;
            come(payer);
        }
        QVERIFY(got[0] > 500'000);
        QVERIFY(std::abs(got[0] - got[1]) <= 3 * WaitingRoom::quantum);
        QVERIFY(std::abs(got[0] - got[2]) <= 30'000 + 3 * WaitingRoom::quantum);
    }

    void whoLeavesAndComesBackHasHisDebtsStill()
    {
        // One who sends large requests, each when the one before was answered.
        WaitingRoom room;
        constexpr Id firstLarge = 1'000'000;
        constexpr qint64 largeTokens = 51'200;
        qint64 small = 0;
        qint64 large = 0;
        for (Id id = 0; id < 2000; ++id)
            room.add(id, "many small", 512);
        int pause = 0;
        for (Id i = 0; i < 1500; ++i) {
            if (pause-- == 0)
                room.add(firstLarge + i, "large", largeTokens);
            if (*nextOf(room) < firstLarge) {
                small += 512;
            } else {
                large += largeTokens;
                pause = 5;
            }
        }
        QVERIFY(large > 0 && std::abs(small - large) <= 2 * largeTokens);
    }

    void debtsAreForgottenOnceNobodyWaits()
    {
        WaitingRoom room;
        room.add(1, "a", 1'000'000);
        QVERIFY(nextOf(room));
        room.add(2, "a", 10);
        room.add(3, "b", 10);
        room.add(4, "b", 10);
        QCOMPARE(allOf(room), (std::vector<Id>{2, 3, 4}));
    }

    void roundsInWhichAllAreInDebtCostNothing()
    {
        WaitingRoom room;
        for (Id id = 0; id < 2000; ++id)
            room.add(id, QByteArray::number(int(id % 2)), std::numeric_limits<qint64>::max());
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(allOf(room).size(), size_t(2000));
        QVERIFY(timer.elapsed() < 5000); // A million rounds each.
    }

    void whoOwesIsServedHoweverManyNewPayersCome()
    {
        WaitingRoom room;
        room.add(0, "owes", 10'000);
        room.add(1, "owes", 10);
        QCOMPARE(nextOf(room), std::optional<Id>(0));
        for (Id id = 2; id < 10'000; ++id) {
            room.add(id, "new " + QByteArray::number(id), 1'000'000);
            if (nextOf(room) == std::optional<Id>(1))
                return;
        }
        QFAIL("It never was.");
    }

    void whoHasNoPlaceIsPassedOverAndKeepsHisTurn()
    {
        WaitingRoom room;
        room.add(1, "a", 2000);
        room.add(2, "a", 2000);
        room.add(3, "b", 2000);
        room.add(4, "b", 2000);
        const auto only = [&room](QSet<Id> ids) {
            return room.next([ids](Id id) { return ids.contains(id); });
        };
        QVERIFY(!only({}));
        QCOMPARE(room.size(), 4);
        QCOMPARE(only({2, 4}), std::optional<Id>(2)); // The payer's first one that has a place.
        QCOMPARE(only({4}), std::optional<Id>(4));
        QCOMPARE(only({1, 3}), std::optional<Id>(1));
        QCOMPARE(only({1, 3}), std::optional<Id>(3));
        QVERIFY(!nextOf(room));
    }

    void whoIsPassedOverForLongDoesntSaveUp()
    {
        WaitingRoom room;
        for (Id id = 0; id < 100; ++id)
            room.add(id, "without", 1024);
        for (Id id = 1000; id < 1200; ++id)
            room.add(id, "with", 1024);
        for (int i = 0; i < 100; ++i)
            QVERIFY(*room.next([](Id id) { return id >= 1000; }) >= 1000);
        int without = 0;
        for (int i = 0; i < 20; ++i)
            without += *nextOf(room) < 1000 ? 1 : 0;
        QVERIFY(without >= 9 && without <= 12);
    }

    void whoIsPassedOverIsntStarvedByOthersPlaces()
    {
        // "x" and "y" wait for one place, "z" for another; places come by in the worst order.
        WaitingRoom room;
        for (Id id = 0; id < 300; ++id)
            room.add(id, QByteArray(1, "xyz"[id % 3]), 3000);
        int served[3] = {};
        for (int i = 0; i < 40; ++i) {
            const bool isForZ = i % 2 == 0;
            ++served[*room.next([&](Id id) { return (id % 3 == 2) == isForZ; }) % 3];
        }
        QCOMPARE(served[0], 10);
        QCOMPARE(served[1], 10);
        QCOMPARE(served[2], 20);
    }

    void whoIsTakenOutIsntServedAndPaysNothing()
    {
        WaitingRoom room;
        room.add(1, "a", 1'000'000);
        room.add(2, "a", 10);
        room.add(3, "b", 10);
        room.add(4, "b", 10);
        room.remove(1);
        room.remove(1);
        room.remove(77);
        QCOMPARE(room.size(), 3);
        QCOMPARE(room.placeOf(1), 0);
        QCOMPARE(allOf(room), (std::vector<Id>{2, 3, 4}));
        room.add(5, "a", 10);
        room.remove(5);
        QCOMPARE(room.size(), 0);
        QVERIFY(!nextOf(room));
    }

    void whoHasTheMostIsDisplacedByOthersOnly()
    {
        WaitingRoom room;
        QVERIFY(!room.displacedBy("a"));
        room.add(1, "a", 10);
        QVERIFY(!room.displacedBy("a"));
        QVERIFY(!room.displacedBy("b")); // Who has but one isn't.
        room.add(2, "b", 10);
        room.add(3, "a", 10);
        QCOMPARE(room.displacedBy("c"), std::optional<Id>(3)); // The newest one.
        QVERIFY(!room.displacedBy("a"));
        QVERIFY(!room.displacedBy("b")); // He would have as many: they would displace each other for ever.
        room.add(4, "a", 10);
        QCOMPARE(room.displacedBy("b"), std::optional<Id>(4));
        QCOMPARE(room.size(), 4); // It only tells.
        QCOMPARE(nextOf(room), std::optional<Id>(1));
        room.remove(4);
        QVERIFY(!room.displacedBy("c"));
    }

    void oneWhoSendsWithoutEndLeavesRoomForAll()
    {
        WaitingRoom room;
        constexpr qsizetype limit = 30;
        QHash<QByteArray, int> inside;
        QHash<Id, QByteArray> payers;
        for (Id id = 1; id <= 3000; ++id) {
            const QByteArray payer = id % 10 == 0 ? "modest " + QByteArray::number(int(id % 3)) : "greedy";
            if (room.size() >= limit) {
                const auto displaced = room.displacedBy(payer);
                if (!displaced)
                    continue;
                QVERIFY(inside[payers.value(*displaced)] > inside[payer] + 1);
                --inside[payers.value(*displaced)];
                room.remove(*displaced);
            }
            room.add(id, payer, 100);
            payers.insert(id, payer);
            ++inside[payer];
            QVERIFY(room.size() <= limit);
        }
        for (const int theirs : std::as_const(inside)) // Four payers share the room.
            QVERIFY(theirs == 7 || theirs == 8);
    }

    void thePlaceInTheQueueCountsOneTurnOfEachBefore()
    {
        WaitingRoom room;
        for (Id id = 1; id <= 4; ++id)
            room.add(id, "a", 1);
        room.add(11, "b", 1);
        room.add(12, "b", 1);
        room.add(21, "c", 1);
        QCOMPARE(room.placeOf(1), 3);
        QCOMPARE(room.placeOf(2), 5);
        QCOMPARE(room.placeOf(3), 6);
        QCOMPARE(room.placeOf(4), 7);
        QCOMPARE(room.placeOf(12), 5);
        QCOMPARE(room.placeOf(21), 3);
        QCOMPARE(room.placeOf(99), 0);
        room.remove(1);
        QCOMPARE(room.placeOf(2), 3);
    }

    void remainsConsistentWhateverHappens()
    {
        WaitingRoom room;
        std::mt19937 random(3);
        QSet<Id> inside;
        Id newest = 0;
        for (int i = 0; i < 10'000; ++i) {
            const auto what = random() % 5;
            if (what < 2) {
                room.add(++newest, QByteArray::number(quint32(random() % 300)), random() % 5000);
                inside.insert(newest);
            } else if (what == 2 && newest > 0) {
                const Id id = 1 + random() % newest;
                room.remove(id);
                inside.remove(id);
            } else if (const auto id = room.next([&](Id each) { return each % 7 != 0; })) {
                QVERIFY(inside.remove(*id) && *id % 7 != 0);
            } else {
                QVERIFY(std::all_of(inside.cbegin(), inside.cend(), [](Id each) { return each % 7 == 0; }));
            }
            QCOMPARE(room.size(), inside.size());
        }
        const std::vector<Id> rest = allOf(room);
        QCOMPARE(QSet<Id>(rest.cbegin(), rest.cend()), inside);
        QCOMPARE(qsizetype(rest.size()), inside.size());
    }
};

QTEST_GUILESS_MAIN(WaitingRoomTest)
#include "tst_waiting_room.moc"

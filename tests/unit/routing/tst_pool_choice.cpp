// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/pool_choice.h"

#include <QHash>
#include <QTest>

#include <cmath>
#include <random>
#include <vector>

using namespace gatehouse;

namespace {

using Members = std::vector<PoolMember>;

Members membersOfWeights(std::initializer_list<int> weights)
{
    const char *const names[] = {"alpha", "beta", "gamma", "delta", "epsilon"};
    Members members;
    for (const int weight : weights)
        members.push_back({.seed = stableHash(names[members.size()]), .weight = weight});
    return members;
}

quint64 session(int number)
{
    return stableHash("session-" + QByteArray::number(number));
}

} // namespace

class PoolChoiceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void hashesAreTheSameEverywhereAndForEver()
    {
        QCOMPARE(stableHash(""), quint64(0xf52a15e9a9b5e89b));
        QCOMPARE(stableHash("a"), quint64(0x2c0bdbf481420f8));
        QCOMPARE(stableHash("foobar"), quint64(0x404da9e3b74078c2));
        QCOMPARE(stableHash("\xff\0"), stableHash(QByteArrayView("\xff", 1)));
        QCOMPARE(stableHash(QByteArrayView("\xff\0", 2)), quint64(0x61c3e3f101d43dd));
    }

    void sessionsFindTheSameMemberEverywhereAndForEver()
    {
        const auto picks = [](const Members &members) {
            std::vector<int> found;
            for (int i = 0; i < 16; ++i)
                found.push_back(choosePoolMember(members, session(i), 4711).value());
            return found;
        };
        QCOMPARE(picks(membersOfWeights({1, 1, 1})),
                 (std::vector{1, 2, 0, 0, 0, 2, 2, 1, 2, 2, 2, 2, 2, 2, 0, 1}));
        QCOMPARE(picks(membersOfWeights({1, 2, 5})),
                 (std::vector{1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 1}));
    }

    void theOrderOfMembersDoesntMatter()
    {
        const Members members = membersOfWeights({1, 2, 3});
        const Members reversed(members.rbegin(), members.rend());
        for (int i = 0; i < 500; ++i)
            QCOMPARE(choosePoolMember(reversed, session(i), 1).value(),
                     2 - choosePoolMember(members, session(i), 1).value());
    }

    void sharesFollowWeights_data()
    {
        QTest::addColumn<bool>("isSticky");
        QTest::newRow("sessions") << true;
        QTest::newRow("chance among idle ones") << false;
    }

    void sharesFollowWeights()
    {
        QFETCH(bool, isSticky);
        const Members members = membersOfWeights({1, 2, 5});
        constexpr int requests = 80'000;
        std::mt19937_64 random(42);
        std::vector<int> counts(3);
        for (int i = 0; i < requests; ++i) {
            const quint64 number = random();
            ++counts.at(size_t(choosePoolMember(members, isSticky ? number : 0, number).value()));
        }
        for (size_t i = 0; i < counts.size(); ++i) {
            const double expected = requests * members[i].weight / 8.0;
            QVERIFY2(std::abs(counts[i] - expected) < 5 * std::sqrt(expected),
                     qPrintable(QString::number(i)));
        }
    }

    void whenAMemberLeavesOnlyItsSessionsMove()
    {
        Members members = membersOfWeights({3, 1, 2, 4});
        Members fewer = members;
        fewer[2].isAdmitted = false;
        int moved = 0;
        for (int i = 0; i < 2000; ++i) {
            const int before = choosePoolMember(members, session(i), 9).value();
            const int after = choosePoolMember(fewer, session(i), 9).value();
            QVERIFY(after != 2);
            if (before == 2)
                ++moved;
            else
                QCOMPARE(after, before);
        }
        QVERIFY(moved > 300 && moved < 500); // Two tenths.
    }

    void aSessionLeavesAMemberThatHasTooMuchOfTheLoad()
    {
        Members members = membersOfWeights({1, 1, 1});
        const quint64 affinity = session(0);
        QCOMPARE(choosePoolMember(members, affinity, 1), std::optional(1));
        members[0].outstanding = members[2].outstanding = 10;
        members[1].outstanding = 13; // 34 with this one: at most ⌈1.25 · 34 / 3⌉ = 15.
        QCOMPARE(choosePoolMember(members, affinity, 1), std::optional(1));
        members[1].outstanding = 14;
        QCOMPARE(choosePoolMember(members, affinity, 1), std::optional(1));
        members[1].outstanding = 15; // 36: 15.
        QVERIFY(choosePoolMember(members, affinity, 1) != std::optional(1));
        members[1].weight = 3; // 36 and three fifths of the weight: 27.
        QCOMPARE(choosePoolMember(members, affinity, 1), std::optional(1));
    }

    void aHotSessionNeverOverloadsAMember()
    {
        Members members = membersOfWeights({1, 2, 5});
        QHash<int, int> overflow;
        for (int i = 0; i < 800; ++i) {
            const int chosen = choosePoolMember(members, session(7), quint64(i)).value();
            ++members[size_t(chosen)].outstanding;
            for (const PoolMember &member : members)
                QVERIFY(member.outstanding <= std::ceil(1.25 * (i + 1) * member.weight / 8));
        }
    }

    void whoGetsWhatAnotherCantTakeIsAlwaysTheSame()
    {
        Members members = membersOfWeights({1, 1, 1});
        members[1].maxConcurrent = members[1].outstanding = 1;
        const std::optional<int> second = choosePoolMember(members, session(0), 1);
        for (quint64 chance = 0; chance < 50; ++chance)
            QCOMPARE(choosePoolMember(members, session(0), chance), second);
    }

    void withoutAffinityTheLeastBusyForItsWeightIsAsked()
    {
        Members members = membersOfWeights({1, 4, 2});
        members[0].outstanding = 2; // 2
        members[1].outstanding = 7; // 1.75
        members[2].outstanding = 3; // 1.5
        for (quint64 chance = 0; chance < 50; ++chance)
            QCOMPARE(choosePoolMember(members, 0, chance), std::optional(2));
        members[2].isAdmitted = false;
        QCOMPARE(choosePoolMember(members, 0, 5), std::optional(1));
        members[1].maxConcurrent = 7;
        QCOMPARE(choosePoolMember(members, 0, 5), std::optional(0));
    }

    void whoHasNoRoomIsntAsked()
    {
        Members members = membersOfWeights({1, 1});
        members[0].maxConcurrent = members[0].outstanding = 2;
        members[1].isAdmitted = false;
        for (const quint64 affinity : {quint64(0), session(1)}) {
            QVERIFY(!choosePoolMember(members, affinity, 1));
            QVERIFY(!choosePoolMember({}, affinity, 1));
        }
        members[0].outstanding = 1;
        QCOMPARE(choosePoolMember(members, session(1), 1), std::optional(0));
        // The only one with room may have more than its share.
        members[1] = {.seed = members[1].seed, .outstanding = 1, .maxConcurrent = 1};
        members[0].maxConcurrent = 0;
        members[0].outstanding = 1000;
        QCOMPARE(choosePoolMember(members, session(1), 1), std::optional(0));
    }

    void extremeValuesAreSafe()
    {
        constexpr int many = std::numeric_limits<int>::max();
        const Members members{{.seed = 0, .weight = many, .outstanding = 0},
                              {.seed = ~quint64(0), .weight = 0, .outstanding = 1}};
        for (const quint64 number : {quint64(0), quint64(1), ~quint64(0)})
            QCOMPARE(choosePoolMember(members, 0, number), std::optional(0));
    }
};

QTEST_GUILESS_MAIN(PoolChoiceTest)
#include "tst_pool_choice.moc"

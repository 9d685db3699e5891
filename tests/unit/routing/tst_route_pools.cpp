// SPDX-License-Identifier: GPL-3.0-or-later
#include "house.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// Routes 0 and 1 form pool `p`, route 2 stands alone.
House poolAndLoner()
{
    House house;
    house.route("a").pool("p").route("b").pool("p").route("c");
    return house;
}

} // namespace

class TestRoutePools : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void membersThatListTheModelShareIt()
    {
        House house = poolAndLoner();
        house.listed("a", {"one", "two"}).listed("b", {"one"}).listed("c", {"three"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0+1:one"));
        QCOMPARE(said(house.decide("two")), QStringLiteral("0:two"));
        QCOMPARE(said(house.decide("three")), QStringLiteral("2:three"));
        QCOMPARE(said(house.decide("four")), QStringLiteral("model_not_found"));
    }

    void aPoolAndARouteElsewhereAreAmbiguous()
    {
        House house = poolAndLoner();
        house.listed("a", {"one"}).listed("b", {"one"}).listed("c", {"one"});
        const Error error = errorOf(house.decide("one"));
        QCOMPARE(error.code, ErrorCode::AmbiguousModel);
        QVERIFY2(error.message.contains(QStringLiteral("(p, c)")), qPrintable(error.message));
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0+1:one"));
        QCOMPARE(said(house.decide("one", "c")), QStringLiteral("2:one"));
    }

    void twoPoolsAreAmbiguous()
    {
        House house;
        house.route("a").pool("p").route("b").pool("q").listed("a", {"one"}).listed("b", {"one"});
        const Error error = errorOf(house.decide("one"));
        QCOMPARE(error.code, ErrorCode::AmbiguousModel);
        QVERIFY2(error.message.contains(QStringLiteral("(p, q)")), qPrintable(error.message));
    }

    void aKeyNamesOneMemberOrAPool()
    {
        House house = poolAndLoner();
        house.listed("a", {"one"}).listed("b", {"one"}).listed("c", {"two"});
        QCOMPARE(said(house.decide("one", "b")), QStringLiteral("1:one"));
        QCOMPARE(said(house.decide("one", "P")), QStringLiteral("0+1:one"));
        const Error error = errorOf(house.decide("two", "p"));
        QCOMPARE(error.code, ErrorCode::RouteConflict);
        QVERIFY2(error.message.contains(QStringLiteral("pool 'p'")), qPrintable(error.message));
    }

    void aRouteWinsOverItsPoolOfTheSameName()
    {
        House house;
        house.route("p").pool("p").route("a").pool("p").route("b").pool("p");
        house.listed("p", {"one"}).listed("a", {"two"}).listed("b", {"two"});
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0:one"));
        QCOMPARE(said(house.decide("two", "p")), QStringLiteral("route_conflict"));
        QCOMPARE(said(house.decide("two")), QStringLiteral("1+2:two"));
    }

    void aPoolOfOne()
    {
        House house;
        house.route("a").pool("p").route("b").listed("a", {"one"}).listed("b", {"two"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0:one"));
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0:one"));
        House lone;
        lone.route("a").pool("p");
        QCOMPARE(said(lone.decide("anything")), QStringLiteral("0:anything"));
    }

    void membersThatWereNeverAskedHoldUpNobody()
    {
        House house = poolAndLoner();
        house.listed("a", {"one"}).listed("c", {"two"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0:one old")); // b is asked meanwhile.
        QCOMPARE(said(house.decide("two")), QStringLiteral("ask 1"));     // b may serve it, too.
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0:one old"));
    }

    void routesElsewhereThatWereNeverAskedDo()
    {
        House house = poolAndLoner();
        house.listed("a", {"one"}).listed("b", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("ask 2"));
        QCOMPARE(said(house.decide("one", {}, false)), QStringLiteral("0+1:one"));
    }

    void aMemberThatIsDownStaysACandidateForWhatItListed()
    {
        House house = poolAndLoner();
        house.listed("a", {"one"}).listed("b", {"one"}).listed("c", {"two"}).down("b");
        QCOMPARE(said(house.decide("one")), QStringLiteral("0+1:one"));
        house.down("a");
        QCOMPARE(said(house.decide("one")), QStringLiteral("0+1:one"));
    }

    void aPoolWithoutAnyListIsAskedAllTheSameWhereItIsNamed()
    {
        House house = poolAndLoner();
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("ask 0,1"));
        house.down("a").down("b");
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0+1:one"));
        house.listed("a", {"two"});
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("route_conflict"));
    }

    void theDefaultModelGoesToTheWholePool()
    {
        House house = poolAndLoner();
        house.listed("a", {"one", "two"}).listed("b", {"two", "one"}).listed("c", {"one"});
        QCOMPARE(said(house.decide({})), QStringLiteral("0+1:one"));
        house.settings.model.defaultModel = QStringLiteral("two");
        QCOMPARE(said(house.decide({}, "p")), QStringLiteral("0+1:two"));
        house.settings.model.defaultModel = QStringLiteral("one"); // Ambiguous, but for the default route.
        QCOMPARE(said(house.decide({})), QStringLiteral("0+1:one"));
        house.settings.model.defaultRouteKey = QStringLiteral("b");
        QCOMPARE(said(house.decide({})), QStringLiteral("0+1:one"));
        house.settings.model.defaultRouteKey = QStringLiteral("c");
        QCOMPARE(said(house.decide({})), QStringLiteral("2:one"));
        QCOMPARE(said(house.decide("one")), QStringLiteral("ambiguous_model"));
    }

    void theDefaultModelWaitsForNobodyElse()
    {
        House house = poolAndLoner();
        house.settings.model.defaultModel = QStringLiteral("one");
        house.listed("a", {"one"});
        QCOMPARE(said(house.decide({})), QStringLiteral("0:one old"));
    }

    void aPoolThatIsDownSaysWhyItHasNoDefaultModel()
    {
        House house = poolAndLoner();
        house.down("a").down("b");
        QCOMPARE(said(house.decide({})), QStringLiteral("upstream_unreachable"));
        house.listed("b", {"one"});
        QCOMPARE(said(house.decide({})), QStringLiteral("1:one"));
    }

    void membersThatListNothingServeNothing()
    {
        House house = poolAndLoner();
        house.listed("a", {}).listed("b", {}).listed("c", {});
        QCOMPARE(said(house.decide("one")), QStringLiteral("model_not_found"));
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("route_conflict"));
        QCOMPARE(said(house.decide({}, "p")), QStringLiteral("model_not_found"));
    }

    void twinsAreOnePlace()
    {
        House house;
        house.route("vllm").at("http://box:8000/v1").route("x").at("http://box:8000/v1");
        house.listed("vllm", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0:one old")); // The twin holds up nobody.
        house.listed("x", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0:one"));
        QCOMPARE(said(house.decide("one", "x")), QStringLiteral("1:one"));
    }

    void anotherKindOrUrlIsNoTwin()
    {
        House house;
        house.route("a").at("http://box:8000/v1").route("b", RouteKind::Ollama).at("http://box:8000/v1");
        house.listed("a", {"one"}).listed("b", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("ambiguous_model"));
        house.route("c").at("http://box:8001/v1").listed("c", {"two"});
        house.route("d").at("http://box:8002/v1").listed("d", {"two"});
        QCOMPARE(said(house.decide("two")), QStringLiteral("ambiguous_model"));
    }

    // The same server under two credentials, say.
    void aTwinStillServesWhatTheOtherDoesNotList()
    {
        House house;
        house.route("a").at("http://box/v1").route("b").at("http://box/v1");
        house.listed("a", {"one"}).listed("b", {"one", "two"});
        QCOMPARE(said(house.decide("two")), QStringLiteral("1:two"));
    }

    void ofTwinsTheOneInAPoolCounts()
    {
        House house;
        house.route("vllm").at("http://a/v1");
        house.route("a").at("http://a/v1").pool("p").route("b").at("http://b/v1").pool("p");
        house.listed("vllm", {"one"}).listed("a", {"one"}).listed("b", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("1+2:one"));
        house.settings.model.defaultModel = QStringLiteral("one");
        QCOMPARE(said(house.decide({})), QStringLiteral("1+2:one"));
    }

    void twinsInOnePoolAreOneMember()
    {
        House house;
        house.route("a").at("http://a/v1").pool("p").route("b").at("http://a/v1").pool("p");
        house.listed("a", {"one"}).listed("b", {"one"});
        QCOMPARE(said(house.decide("one")), QStringLiteral("0:one"));
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("0:one"));
        QCOMPARE(said(house.decide({})), QStringLiteral("0:one"));
        house.down("a").down("b");
        QCOMPARE(said(house.decide("other", "p")), QStringLiteral("0:other"));
    }

    void twoAccountsAtOnePlaceShareAPoolsLoad()
    {
        House house;
        house.route("lone").at("http://a/v1");
        for (const char *key : {"a", "b", "c", "d"})
            house.route(key).at("http://a/v1").pool("p");
        house.settings.routes[1].apiKey = Secret("one");
        house.settings.routes[2].apiKey = Secret("two");
        house.settings.routes[3].apiKey = Secret("one"); // The first one once more.
        house.settings.routes[4].headers = {{.name = "x-account", .value = Secret("3")}};
        for (const char *key : {"lone", "a", "b", "c", "d"})
            house.listed(key, {"one"});
        QCOMPARE(said(house.decide("one", "p")), QStringLiteral("1+2+4:one"));
        QCOMPARE(said(house.decide("one")),
                 QStringLiteral("1+2+4:one")); // Outside of the pool, a twin is one.
    }
};

QTEST_GUILESS_MAIN(TestRoutePools)
#include "tst_route_pools.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane.h"
#include "routing/route_health.h"
#include "routing/turn.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using State = RouteHealth::State;

RouteSettings box(const QStringList &models = {})
{
    RouteSettings route = routeOf("box");
    route.models = models;
    return route;
}

/// Routes without any traffic.
QList<RouteHealth> healthOf(const QList<RouteSettings> &routes, const CatalogueEntries &entries)
{
    const TurnedClock clock;
    const RouteDirectory directory(settingsOf(routes), clock);
    return routeHealth(*directory.current(), entries);
}

CatalogueEntries entryOf(const CatalogueEntry &entry)
{
    return {{"box", std::make_shared<const CatalogueEntry>(entry)}};
}

CatalogueEntry failedWith(ErrorCode code)
{
    return {.failure = Error{.code = code, .message = QStringLiteral("It is down.")}};
}

} // namespace

class RouteHealthTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aRouteThatWasNeverAskedIsUnknownAndUsable()
    {
        const auto routes = healthOf({box()}, {});
        QCOMPARE(routes.size(), 1);
        QCOMPARE(routes.first().key, QByteArray("box"));
        QCOMPARE(routes.first().state, State::Unknown);
        QVERIFY(!routes.first().latency);
        QVERIFY(hasUsableRoute(routes));
    }

    void aRouteThatListsItsModelsIsOk()
    {
        const auto routes =
            healthOf({box()}, entryOf({.models = modelsNamed({"a", "b"}), .listed = true, .latency = 7ms}));
        QCOMPARE(routes.first().state, State::Ok);
        QCOMPARE(routes.first().models, 2);
        QCOMPARE(routes.first().latency, std::optional(7ms));
        QVERIFY(!routes.first().failure);
    }

    void theNewestAttemptCounts()
    {
        CatalogueEntry entry = failedWith(ErrorCode::UpstreamTimeout);
        entry.models = modelsNamed({"a"});
        entry.listed = true; // Once, before.
        const auto routes = healthOf({box()}, entryOf(entry));
        QCOMPARE(routes.first().state, State::Unavailable);
        QCOMPARE(routes.first().failure->message, QStringLiteral("It is down."));
        QVERIFY(!hasUsableRoute(routes));
    }

    void aRouteWithWrittenDownModelsNeedsNotListThem()
    {
        const RouteSettings written = box({QStringLiteral("a")});
        const auto refused = healthOf({written}, entryOf(failedWith(ErrorCode::UpstreamRejected)));
        QCOMPARE(refused.first().state, State::Ok);
        QCOMPARE(refused.first().models, 1);
        QVERIFY(!refused.first().failure);
        for (const ErrorCode code : {ErrorCode::UpstreamUnreachable, ErrorCode::UpstreamFailed}) {
            const auto down = healthOf({written}, entryOf(failedWith(code)));
            QCOMPARE(down.first().state, State::Unavailable);
        }
        for (const int status : {401, 403}) { // It doesn't let us in.
            CatalogueEntry closed = failedWith(ErrorCode::UpstreamRejected);
            closed.failure->upstreamStatus = status;
            QCOMPARE(healthOf({written}, entryOf(closed)).first().state, State::Unavailable);
        }
        const auto listless = healthOf({box()}, entryOf(failedWith(ErrorCode::UpstreamRejected)));
        QCOMPARE(listless.first().state, State::Unavailable);
    }

    void oneUsableRouteIsEnough()
    {
        const CatalogueEntries entries = entryOf(failedWith(ErrorCode::UpstreamUnreachable));
        QVERIFY(hasUsableRoute(healthOf({box(), routeOf("other")}, entries)));
        QVERIFY(!hasUsableRoute(healthOf({box()}, entries)));
        QVERIFY(!hasUsableRoute({}));
    }

    void aRouteThatIsLeftAloneIsUnavailable()
    {
        const TurnedClock clock;
        const RouteDirectory directory(settingsOf({routeOf("a", "", "p"), routeOf("b", "", "p"), box()}),
                                       clock);
        const RouteSetPtr set = directory.current();
        const CatalogueEntries entries = entryOf({.models = modelsNamed({"x"}), .listed = true});
        set->groupOf("box")->probed("box", false);
        set->groupOf("a")->probed("a", false);
        const auto routes = routeHealth(*set, entries);
        QCOMPARE(routes.at(0).state, State::Unavailable);
        QCOMPARE(routes.at(0).circuit, CircuitBreaker::State::Open);
        QCOMPARE(routes.at(0).pool, QByteArray("p"));
        QVERIFY(routes.at(0).failure);
        QCOMPARE(routes.at(1).state, State::Unknown);
        QCOMPARE(routes.at(1).circuit, CircuitBreaker::State::Closed);
        QCOMPARE(routes.at(2).state, State::Unavailable); // Though it listed its models.
        QVERIFY(routes.at(2).pool.isEmpty());
    }

    void aRouteOnTrialIsUnavailableButMayBeAsked()
    {
        TurnedClock clock;
        const RouteDirectory directory(settingsOf({box()}), clock);
        const RouteSetPtr set = directory.current();
        const CatalogueEntries listing = entryOf({.models = modelsNamed({"x"}), .listed = true});
        std::vector<std::unique_ptr<Turn>> turns;
        for (int i = 0; i < CircuitBreaker::tolerance; ++i) {
            turns.push_back(
                std::make_unique<Turn>(set->groups.first(), Wish{.routes = {"box"}, .model = "x"}));
            turns.back()->take(
                [](Result<Place> place) { place->failed({.code = ErrorCode::UpstreamFailed}); });
        }
        QVERIFY(!hasUsableRoute(routeHealth(*set, listing)));
        clock.turn(CircuitBreaker::longestRest);
        const auto routes = routeHealth(*set, listing);
        QCOMPARE(routes.first().circuit, CircuitBreaker::State::HalfOpen);
        QCOMPARE(routes.first().state, State::Unavailable);
        QVERIFY(routes.first().failure);
        QVERIFY(hasUsableRoute(routes)); // Else nobody would send the request that shows that it is well.
        const CatalogueEntries down = entryOf(failedWith(ErrorCode::UpstreamUnreachable));
        QVERIFY(!hasUsableRoute(routeHealth(*set, down)));
    }

    void trafficIsShown()
    {
        TurnedClock clock;
        RouteSettings narrow = routeOf("a", "", "p");
        narrow.maxConcurrent = 1;
        const RouteDirectory directory(settingsOf({narrow, routeOf("b", "", "p")}), clock);
        const RouteSetPtr set = directory.current();
        std::optional<Place> place;
        Turn first(set->groups.first(), {.routes = {"a"}, .model = "x"});
        first.take([&](Result<Place> taken) { place = std::move(*taken); });
        QVERIFY(place);
        Turn second(set->groups.first(), {.routes = {"a"}, .model = "x"});
        second.take([](Result<Place>) { QFAIL("there is no place"); });
        const auto routes = routeHealth(*set, {});
        QCOMPARE(routes.at(0).outstanding, 1);
        QCOMPARE(routes.at(1).outstanding, 0);
        QCOMPARE(routes.at(0).waiting, 1);
        QCOMPARE(routes.at(1).waiting, 1); // The pool's.
    }

    void probesAskARouteOncePerFreshness()
    {
        TurnedClock clock;
        Catalogue catalogue(clock);
        // The models are written down, so nobody but a probe asks.
        RouteDirectory directory(settingsOf({box({QStringLiteral("a")})}), clock);
        Lane lane(directory, catalogue, clock);
        ModelRouter &router = *lane.router;
        FakeBackend &backend = *lane.backends.front();
        QObject context;
        int told = 0;
        const auto probe = [&] {
            router.renew(&context, [&told] { ++told; });
        };
        probe();
        probe();
        QCOMPARE(backend.questions(), size_t(1));
        QCOMPARE(told, 0);
        QCOMPARE(router.health().first().state, State::Unknown);
        backend.answer(Error{.code = ErrorCode::UpstreamUnreachable});
        QTRY_COMPARE(told, 2);
        QCOMPARE(router.health().first().state, State::Unavailable);
        probe();
        QCOMPARE(told, 3); // At once.
        QCOMPARE(backend.questions(), size_t(1));
        clock.turn(Catalogue::freshness);
        probe();
        QCOMPARE(backend.questions(), size_t(2));
        backend.answer(modelsNamed({"a"}));
        QTRY_COMPARE(told, 4);
        QCOMPARE(router.health().first().state, State::Ok);
    }
};

QTEST_GUILESS_MAIN(RouteHealthTest)
#include "tst_route_health.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_backend.h"
#include "routing/model_router.h"
#include "routing/route_health.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using State = RouteHealth::State;

Settings oneRoute(const QStringList &models = {})
{
    Settings settings;
    RouteSettings route;
    route.key = QStringLiteral("box");
    route.models = models;
    settings.routes.append(route);
    return settings;
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
        const auto routes = routeHealth(oneRoute(), {});
        QCOMPARE(routes.size(), 1);
        QCOMPARE(routes.first().key, QByteArray("box"));
        QCOMPARE(routes.first().state, State::Unknown);
        QVERIFY(!routes.first().latency);
        QVERIFY(hasUsableRoute(routes));
    }

    void aRouteThatListsItsModelsIsOk()
    {
        const auto routes = routeHealth(
            oneRoute(), entryOf({.models = modelsNamed({"a", "b"}), .listed = true, .latency = 7ms}));
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
        const auto routes = routeHealth(oneRoute(), entryOf(entry));
        QCOMPARE(routes.first().state, State::Unavailable);
        QCOMPARE(routes.first().failure->message, QStringLiteral("It is down."));
        QVERIFY(!hasUsableRoute(routes));
    }

    void aRouteWithWrittenDownModelsNeedsNotListThem()
    {
        const Settings settings = oneRoute({QStringLiteral("a")});
        const auto refused = routeHealth(settings, entryOf(failedWith(ErrorCode::UpstreamRejected)));
        QCOMPARE(refused.first().state, State::Ok);
        QCOMPARE(refused.first().models, 1);
        QVERIFY(!refused.first().failure);
        for (const ErrorCode code : {ErrorCode::UpstreamUnreachable, ErrorCode::UpstreamFailed}) {
            const auto down = routeHealth(settings, entryOf(failedWith(code)));
            QCOMPARE(down.first().state, State::Unavailable);
        }
        const auto listless = routeHealth(oneRoute(), entryOf(failedWith(ErrorCode::UpstreamRejected)));
        QCOMPARE(listless.first().state, State::Unavailable);
    }

    void oneUsableRouteIsEnough()
    {
        Settings settings = oneRoute();
        settings.routes.append(settings.routes.first());
        settings.routes.last().key = QStringLiteral("other");
        QVERIFY(hasUsableRoute(routeHealth(settings, entryOf(failedWith(ErrorCode::UpstreamUnreachable)))));
        QVERIFY(!hasUsableRoute({}));
    }

    void probesAskARouteOncePerFreshness()
    {
        TurnedClock clock;
        Catalogue catalogue(clock);
        auto owned = std::make_unique<FakeBackend>();
        FakeBackend &backend = *owned;
        std::vector<std::unique_ptr<ChatBackend>> backends;
        backends.push_back(std::move(owned));
        // The models are written down, so nobody but a probe asks.
        ModelRouter router(std::make_shared<const Settings>(oneRoute({QStringLiteral("a")})),
                           std::move(backends), catalogue, clock);
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

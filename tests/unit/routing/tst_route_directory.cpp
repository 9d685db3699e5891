// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane.h"
#include "routing/turn.h"

#include <QSignalSpy>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr auto closed = CircuitBreaker::State::Closed;
constexpr auto open = CircuitBreaker::State::Open;

QByteArrayList members(const RouteGroup &group)
{
    QByteArrayList keys;
    for (const RouteTraffic &traffic : group.traffic())
        keys.append(traffic.key);
    return keys;
}

CircuitBreaker::State circuitOf(const RouteDirectory &directory, const QByteArray &key)
{
    for (const RouteTraffic &traffic : directory.current()->groupOf(key)->traffic()) {
        if (traffic.key == key)
            return traffic.circuit;
    }
    qFatal("no such route");
}

} // namespace

class TestRouteDirectory : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void poolsShareAGroup()
    {
        const RouteDirectory directory(
            settingsOf({routeOf("a", "", "p"), routeOf("lone"), routeOf("b", "", "p")}), m_clock);
        const RouteSetPtr set = directory.current();
        QCOMPARE(set->groups.size(), 3);
        QCOMPARE(set->groups.at(0), set->groups.at(2));
        QCOMPARE(set->groups.at(0)->name(), QByteArray("p"));
        QCOMPARE(set->groups.at(1)->name(), QByteArray("lone"));
        QCOMPARE(members(*set->groups.at(0)), QByteArrayList({"a", "b"}));
        QCOMPARE(set->groupOf("b"), set->groups.at(0).get());
        QCOMPARE(set->groupOf("p"), nullptr);
        QCOMPARE(set->groupOf({}), nullptr);
    }

    void aRouteMayBeCalledLikeItsPool()
    {
        RouteDirectory directory(settingsOf({routeOf("p")}), m_clock);
        const RouteSetPtr alone = directory.current();
        alone->groupOf("p")->probed("p", false);
        directory.apply(settingsOf({routeOf("p", "", "p"), routeOf("a", "", "p")}));
        const RouteSetPtr pooled = directory.current();
        QCOMPARE(pooled->groups, QList({alone->groups.first(), alone->groups.first()}));
        QCOMPARE(members(*pooled->groups.first()), QByteArrayList({"p", "a"}));
        QCOMPARE(circuitOf(directory, "p"), open);
        QCOMPARE(circuitOf(directory, "a"), closed);
    }

    void thereMayBeNoRoutes()
    {
        RouteDirectory directory(settingsOf({}), m_clock);
        QVERIFY(directory.current()->groups.isEmpty());
        directory.apply(settingsOf({routeOf("a")}));
        directory.apply(settingsOf({}));
        QCOMPARE(directory.current()->groupOf("a"), nullptr);
    }

    void whatStaysKeepsWhatIsKnownOfIt()
    {
        RouteDirectory directory(settingsOf({routeOf("a", "http://a"), routeOf("b", "http://b", "p")}),
                                 m_clock);
        const RouteSetPtr before = directory.current();
        before->groupOf("a")->probed("a", false);
        before->groupOf("b")->probed("b", false);
        QSignalSpy changed(&directory, &RouteDirectory::changed);
        RouteSettings heavier = routeOf("b", "http://b", "p");
        heavier.weight = 3;
        directory.apply(settingsOf({routeOf("c", "http://c", "p"), heavier, routeOf("a", "http://a")}));
        QCOMPARE(changed.size(), 1);
        const RouteSetPtr now = directory.current();
        QCOMPARE(now->groups.at(2), before->groups.at(0));
        QCOMPARE(now->groups.at(1), before->groups.at(1));
        QCOMPARE(members(*now->groups.at(0)), QByteArrayList({"c", "b"}));
        QCOMPARE(circuitOf(directory, "a"), open);
        QCOMPARE(circuitOf(directory, "b"), open);
        QCOMPARE(circuitOf(directory, "c"), closed);
    }

    void aRouteThatMovedIsANewOne_data()
    {
        QTest::addColumn<RouteSettings>("moved");
        const auto add = [](const char *name, const auto &change) {
            RouteSettings route = routeOf("a", "http://a", "p");
            change(route);
            QTest::newRow(name) << route;
        };
        add("url", [](RouteSettings &route) { route.url = QUrl(QStringLiteral("http://b")); });
        add("kind", [](RouteSettings &route) { route.kind = RouteKind::Ollama; });
        add("path", [](RouteSettings &route) { route.path = QStringLiteral("/model.gguf"); });
        add("pool", [](RouteSettings &route) { route.pool = QStringLiteral("q"); });
        add("alone", [](RouteSettings &route) { route.pool.clear(); });
    }

    void aRouteThatMovedIsANewOne()
    {
        QFETCH(RouteSettings, moved);
        const RouteSettings stays = routeOf("stays", "http://s", "p");
        RouteDirectory directory(settingsOf({routeOf("a", "http://a", "p"), stays}), m_clock);
        directory.current()->groupOf("a")->probed("a", false);
        directory.current()->groupOf("stays")->probed("stays", false);
        QCOMPARE(circuitOf(directory, "a"), open);
        directory.apply(settingsOf({moved, stays}));
        QCOMPARE(circuitOf(directory, "a"), closed);
        QCOMPARE(circuitOf(directory, "stays"), open);
    }

    void aRouteThatCameBackIsANewOne()
    {
        RouteDirectory directory(settingsOf({routeOf("a", "http://a")}), m_clock);
        directory.current()->groupOf("a")->probed("a", false);
        directory.apply(settingsOf({routeOf("b")}));
        directory.apply(settingsOf({routeOf("a", "http://a")}));
        QCOMPARE(circuitOf(directory, "a"), closed);
    }

    void waitingRoomsOfAPoolAddUp()
    {
        RouteSettings a = routeOf("a", "", "p");
        a.queueLimit = 1;
        a.maxConcurrent = 1;
        RouteSettings b = routeOf("b", "", "p");
        b.queueLimit = 1;
        b.maxConcurrent = 1;
        const RouteDirectory directory(settingsOf({a, b}), m_clock);
        const auto group = directory.current()->groups.first();
        std::vector<std::unique_ptr<Turn>> turns;
        std::vector<Place> places;
        int refused = 0;
        for (int i = 0; i < 6; ++i) {
            turns.push_back(std::make_unique<Turn>(group, Wish{.routes = {"a", "b"}, .model = "one"}));
            turns.back()->take([&](Result<Place> place) {
                if (place)
                    places.push_back(std::move(*place));
                else
                    refused += place.error().code == ErrorCode::Overloaded ? 1 : 0;
            });
        }
        QCOMPARE(places.size(), size_t(2));
        QCOMPARE(group->waiting(), 2);
        QCOMPARE(refused, 2);
    }

    void hugeWaitingRoomsDoNotOverflow()
    {
        RouteSettings a = routeOf("a", "", "p");
        a.queueLimit = std::numeric_limits<int>::max();
        a.maxConcurrent = 1;
        RouteSettings b = a;
        b.key = QStringLiteral("b");
        const RouteDirectory directory(settingsOf({a, b}), m_clock);
        const auto group = directory.current()->groups.first();
        Place place;
        Turn first(group, {.routes = {"a"}, .model = "one"});
        first.take([&](Result<Place> taken) { place = std::move(*taken); });
        Turn second(group, {.routes = {"a"}, .model = "one"});
        second.take([](Result<Place>) {});
        QVERIFY(second.isWaiting());
    }

    void whoWaitsForARouteThatIsGoneIsRefused()
    {
        RouteSettings narrow = routeOf("a");
        narrow.maxConcurrent = 1;
        RouteDirectory directory(settingsOf({narrow}), m_clock);
        const auto group = directory.current()->groups.first();
        Place place;
        Turn first(group, {.routes = {"a"}, .model = "one"});
        first.take([&](Result<Place> taken) { place = std::move(*taken); });
        bool isRefused = false;
        Turn second(group, {.routes = {"a"}, .model = "one"});
        second.take([&](Result<Place> taken) { isRefused = !taken; });
        directory.apply(settingsOf({routeOf("b")}));
        QTRY_VERIFY(isRefused);
        place.succeeded(); // What runs goes on, and harms nobody.
        place = Place();
    }

private:
    TurnedClock m_clock;
};

QTEST_GUILESS_MAIN(TestRouteDirectory)
#include "tst_route_directory.moc"

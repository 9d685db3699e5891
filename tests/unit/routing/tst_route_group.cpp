// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/routing/group_fixture.h"

#include <QSet>
#include <QTest>

#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

using State = CircuitBreaker::State;

State circuitOf(const RouteGroup &group, const QByteArray &route)
{
    for (const RouteTraffic &traffic : group.traffic()) {
        if (traffic.key == route)
            return traffic.circuit;
    }
    return State::Closed;
}

void fail(const std::shared_ptr<RouteGroup> &group, const char *route, const Error &error,
          const QByteArray &model = "m")
{
    Asker asker(group, wishFor(route, model));
    QVERIFY(asker.place);
    asker.place.failed(error);
    QVERIFY(!asker.place);
}

} // namespace

/// Which routes are asked, and which are left alone.
class RouteGroupTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void requestsAreSharedAmongTheRoutes()
    {
        const auto group = groupOf(m_clock, 3);
        std::vector<std::unique_ptr<Asker>> askers;
        for (int i = 0; i < 30; ++i)
            askers.push_back(std::make_unique<Asker>(group, wishFor("abc")));
        for (const RouteTraffic &traffic : group->traffic())
            QCOMPARE(traffic.outstanding, 10);
        askers.clear();
        for (const RouteTraffic &traffic : group->traffic())
            QCOMPARE(traffic.outstanding, 0);
    }

    void onlyRoutesOfTheWishAreAsked()
    {
        const auto group = groupOf(m_clock, 3);
        std::vector<std::unique_ptr<Asker>> askers;
        for (int i = 0; i < 10; ++i) {
            askers.push_back(std::make_unique<Asker>(group, wishFor("ac")));
            QVERIFY(askers.back()->route() != "b");
        }
    }

    void aConversationStaysWithItsRoute()
    {
        const auto group = groupOf(m_clock, 3);
        QSet<QByteArray> routes;
        for (int i = 0; i < 50; ++i) {
            Wish wish = wishFor("abc");
            wish.affinity = stableHash("a conversation");
            routes.insert(Asker(group, wish).route());
        }
        QCOMPARE(routes.size(), 1);
    }

    void aRouteThatCantBeReachedIsLeftAloneAndComesBack()
    {
        const auto group = groupOf(m_clock, 2);
        fail(group, "a", unreachable());
        QCOMPARE(circuitOf(*group, "a"), State::Open);
        for (int i = 0; i < 20; ++i)
            QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b"));
        m_clock.advance(CircuitBreaker::firstRest);
        QCOMPARE(circuitOf(*group, "a"), State::HalfOpen);
        Asker busy(group, wishFor("b"));
        Asker trial(group, wishFor("ab"));
        QCOMPARE(trial.route(), QByteArray("a"));
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b")); // One trial at a time.
        trial.place.succeeded();
        QCOMPARE(circuitOf(*group, "a"), State::Closed);
        QCOMPARE(group->traffic().first().outstanding, 1); // The place is kept.
    }

    void aBrokenRouteIsLeftAloneAfterSeveralFailures()
    {
        const auto group = groupOf(m_clock, 2);
        for (int i = 0; i < CircuitBreaker::tolerance; ++i) {
            QCOMPARE(circuitOf(*group, "a"), State::Closed);
            fail(group, "a", {.code = ErrorCode::UpstreamFailed, .upstreamStatus = 500});
        }
        QCOMPARE(circuitOf(*group, "a"), State::Open);
    }

    void whenNoneIsLeftOneIsTriedAtNeedAndOthersFailFast()
    {
        const auto group = groupOf(m_clock, 1);
        fail(group, "a", unreachable());
        Asker trial(group, wishFor("a"));
        QCOMPARE(trial.route(), QByteArray("a")); // While it rests.
        const Asker second(group, wishFor("a"));
        QCOMPARE(second.told, 1);
        QCOMPARE(second.error->code, ErrorCode::UpstreamUnreachable);
        QCOMPARE(second.error->message, unreachable().message);
        QCOMPARE(second.error->retryAfter, std::optional(1s));
        trial.place.succeeded();
        QVERIFY(Asker(group, wishFor("a")).place);
    }

    void nothingIsTriedAtNeedWhereSomebodyElseWillBeAsked()
    {
        const auto group = groupOf(m_clock, 1);
        Asker(group, wishFor("a")).place.failed(unreachable());
        Wish wish = wishFor("a");
        wish.isLastResort = false;
        const Asker asker(group, wish);
        QVERIFY(asker.error && asker.error->code == ErrorCode::UpstreamUnreachable);
    }

    void aLoneRouteThatAnswersBadlyIsStillAskedByAll()
    {
        const auto group = groupOf(m_clock, 1);
        for (int i = 0; i < CircuitBreaker::tolerance; ++i)
            Asker(group, wishFor("a")).place.failed({.code = ErrorCode::UpstreamFailed});
        QCOMPARE(circuitOf(*group, "a"), State::Open);
        const Asker trial(group, wishFor("a"));
        const Asker other(group, wishFor("a"));
        QCOMPARE(trial.route(), QByteArray("a"));
        QCOMPARE(other.route(), QByteArray("a"));
    }

    void theOneThatReopensFirstIsTriedAtNeed()
    {
        const auto group = groupOf(m_clock, 3);
        fail(group, "b", unreachable());
        m_clock.advance(CircuitBreaker::firstRest / 2 + 1ms); // Even the shortest rest from now ends later.
        fail(group, "a", unreachable());
        fail(group, "c", unreachable());
        Asker first(group, wishFor("abc"));
        Asker second(group, wishFor("abc"));
        Asker third(group, wishFor("abc"));
        QCOMPARE(first.route(), QByteArray("b"));
        QVERIFY(second.place && third.place);
        QCOMPARE((QSet<QByteArray>{first.route(), second.route(), third.route()}).size(), 3);
        QVERIFY(Asker(group, wishFor("abc")).error);
    }

    void anUnfinishedTrialLetsTheNextOneTry()
    {
        const auto group = groupOf(m_clock, 1);
        fail(group, "a", unreachable());
        {
            const Asker trial(group, wishFor("a"));
            QVERIFY(Asker(group, wishFor("a")).error);
        }
        fail(group, "a", {.code = ErrorCode::Cancelled}); // The caller's doing: no sign of life.
        QVERIFY(circuitOf(*group, "a") != State::Closed);
        Asker trial(group, wishFor("a"));
        trial.place.failed(rejected(400)); // Whoever says no is there.
        QCOMPARE(circuitOf(*group, "a"), State::Closed);
    }

    void probesOpenAndReopen()
    {
        const auto group = groupOf(m_clock, 2);
        group->probed("a", false);
        group->probed("nobody", false);
        QCOMPARE(circuitOf(*group, "a"), State::Open);
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b"));
        const Asker trial(group, wishFor("a"));
        const Asker refused(group, wishFor("a"));
        QCOMPARE(refused.error->code, ErrorCode::UpstreamUnreachable);
        QVERIFY(!refused.error->message.isEmpty());
        group->probed("b", false);
        group->probed("b", true);
        QCOMPARE(circuitOf(*group, "b"), State::Closed);
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b"));
        group->probed("a", true); // Though its trial goes on.
        QCOMPARE(Asker(group, wishFor("a")).route(), QByteArray("a"));
    }

    void aBusyRouteIsNotAskedForThatModel_data()
    {
        QTest::addColumn<int>("retryAfter"); // −1: it doesn't say.
        QTest::addColumn<int>("expected");   // Seconds.
        QTest::newRow("default") << -1 << 1;
        QTest::newRow("as it says") << 30 << 30;
        QTest::newRow("a day") << 86'400 << 600;
    }

    void aBusyRouteIsNotAskedForThatModel()
    {
        QFETCH(int, retryAfter);
        QFETCH(int, expected);
        const auto group = groupOf(m_clock, 2);
        Error busy = rejected(429);
        if (retryAfter >= 0)
            busy.retryAfter = std::chrono::seconds(retryAfter);
        fail(group, "a", busy);
        QCOMPARE(circuitOf(*group, "a"), State::Closed);
        const Asker other(group, wishFor("b")); // So that "a" would be the better one.
        QCOMPARE(Asker(group, wishFor("ab", "another")).route(), QByteArray("a"));
        m_clock.advance(std::chrono::seconds(expected) - 1ms);
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b"));
        m_clock.advance(1ms);
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("a"));
    }

    void anUnfitRouteIsNotAskedForThatModel()
    {
        const auto group = groupOf(m_clock, 2);
        fail(group, "a", rejected(404));
        const Asker other(group, wishFor("b"));
        QCOMPARE(Asker(group, wishFor("ab", "another")).route(), QByteArray("a"));
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("b"));
        m_clock.advance(10s);
        QCOMPARE(Asker(group, wishFor("ab")).route(), QByteArray("a"));
    }

    void whoStandsAloneIsAskedUnlessItSaidWhen()
    {
        const auto group = groupOf(m_clock, 1);
        const Error full{.code = ErrorCode::Overloaded, .retryAfter = 30s}; // Here, not upstream.
        for (const Error &error : {rejected(401), rejected(404), rejected(429), full}) {
            fail(group, "a", error);
            QVERIFY(Asker(group, wishFor("a")).place);
        }
        fail(group, "a", rejected(429, 30s));
        m_clock.advance(10'500ms);
        const Asker refused(group, wishFor("a"));
        QCOMPARE(refused.error->code, ErrorCode::UpstreamRejected);
        QCOMPARE(refused.error->upstreamStatus, 429);
        QCOMPARE(refused.error->retryAfter, std::optional(20s)); // 19.5, rounded up.
        QVERIFY(Asker(group, wishFor("a", "another")).place);
        m_clock.advance(19'500ms);
        QVERIFY(Asker(group, wishFor("a")).place);
    }

    void aLateAnswerDoesntShortenARestThatWasAskedFor()
    {
        const auto group = groupOf(m_clock, 1);
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("a"));
        first.place.failed(rejected(429, 30s));
        second.place.failed(rejected(429));
        m_clock.advance(29s);
        QVERIFY(Asker(group, wishFor("a")).error);
    }

    void whenAllRestTheNewestFailureIsToldAndTheEarliestEnd()
    {
        const auto group = groupOf(m_clock, 3);
        fail(group, "a", rejected(429, 20s));
        m_clock.advance(1s);
        fail(group, "b", rejected(404));
        m_clock.advance(1s);
        fail(group, "c", rejected(429, 60s));
        const Asker refused(group, wishFor("abc"));
        QCOMPARE(refused.error->upstreamStatus, 429);
        QCOMPARE(refused.error->retryAfter, std::optional(9s));
        const Asker fewer(group, wishFor("ab"));
        QCOMPARE(fewer.error->upstreamStatus, 404);
        m_clock.advance(9s);
        QCOMPARE(Asker(group, wishFor("abc")).route(), QByteArray("b"));
    }

    void whatAnUpstreamSaidToOneIsNotToldToOthers_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("told"); // Of the status.
        QTest::newRow("rate limit") << 429 << QStringLiteral("(429)");
        QTest::newRow("credential") << 401 << QStringLiteral("(401)");
        QTest::newRow("broken") << 500 << QStringLiteral("(500)");
        QTest::newRow("no answer") << 0 << QStringLiteral("just now;");
    }

    void whatAnUpstreamSaidToOneIsNotToldToOthers()
    {
        QFETCH(int, status);
        QFETCH(QString, told);
        const bool isRejection = status >= 400 && status < 500;
        const auto group = groupOf(m_clock, 2);
        const Error said{.code = isRejection ? ErrorCode::UpstreamRejected : ErrorCode::UpstreamFailed,
                         .message = QStringLiteral("bad prompt: 'my secret'"),
                         .detail = QStringLiteral("body: my secret"),
                         .param = "secret",
                         .reason = "secret_word",
                         .upstreamStatus = status,
                         .retryAfter = status == 429 ? std::optional(30s) : std::nullopt};
        std::vector<std::unique_ptr<Asker>> sent; // Before they are left alone.
        for (int i = 0; i < 2 * CircuitBreaker::tolerance; ++i)
            sent.push_back(std::make_unique<Asker>(group, wishFor(i % 2 == 0 ? "a" : "b")));
        for (const auto &asker : sent)
            asker->place.failed(said);
        Wish wish = wishFor("ab");
        wish.isLastResort = false;
        const Asker other(group, wish);
        QCOMPARE(other.error->code, said.code);
        QCOMPARE(other.error->upstreamStatus, status);
        QVERIFY(other.error->retryAfter);
        QVERIFY2(other.error->message.contains(told), qPrintable(other.error->message));
        for (const QString &text : {other.error->message, other.error->detail,
                                    QString::fromUtf8(other.error->param + other.error->reason)})
            QVERIFY2(!text.contains(QStringLiteral("secret")) && !text.contains(u'%'), qPrintable(text));
    }

    void restsOfABoundedNumberOfModelsAreRemembered()
    {
        const auto group = groupOf(m_clock, 1);
        for (int i = 0; i <= 64; ++i)
            fail(group, "a", rejected(429, 60s), "model " + QByteArray::number(i));
        QVERIFY(Asker(group, wishFor("a", "model 0")).place);
        QVERIFY(Asker(group, wishFor("a", "model 1")).error);
        QVERIFY(Asker(group, wishFor("a", "model 64")).error);
    }

    void whatIsKnownOfARouteOutlivesANewConfiguration()
    {
        const auto group = groupOf(m_clock, 2);
        const Asker asker(group, wishFor("b"));
        fail(group, "a", unreachable());
        group->configure({{.key = "b", .weight = 7}, {.key = "a"}, {.key = "c"}}, {});
        const QList<RouteTraffic> expected{{.key = "b", .circuit = State::Closed, .outstanding = 1},
                                           {.key = "a", .circuit = State::Open},
                                           {.key = "c"}};
        QCOMPARE(group->traffic(), expected);
    }

    void aPlaceOutlivesItsRouteAndItsGroup()
    {
        auto group = groupOf(m_clock, 1);
        auto asker = std::make_unique<Asker>(group, wishFor("a"));
        group->configure({}, {});
        QCOMPARE(group->traffic().size(), 0);
        Place place = std::move(asker->place);
        asker.reset();
        const std::weak_ptr<RouteGroup> watched = group;
        group.reset();
        QVERIFY(!watched.expired());
        place.succeeded();
        place.failed(unreachable());
        QVERIFY(watched.expired());
        QVERIFY(!place);
    }

    void aPlaceIsGivenBackOnceHoweverItIsMoved()
    {
        const auto group = groupOf(m_clock, 2);
        Asker first(group, wishFor("a"));
        Asker second(group, wishFor("b"));
        Place moved = std::move(first.place);
        QVERIFY(!first.place);
        first.place.succeeded(); // Without effect, as all that follows on one that is none.
        first.place.failed(unreachable());
        QCOMPARE(circuitOf(*group, "a"), State::Closed);
        Place &same = moved;
        moved = std::move(same);
        QCOMPARE(moved.routeKey(), QByteArray("a"));
        moved = std::move(second.place); // Gives "a" back.
        QCOMPARE(group->traffic().at(0).outstanding, 0);
        QCOMPARE(group->traffic().at(1).outstanding, 1);
        moved = Place();
        QCOMPARE(group->traffic().at(1).outstanding, 0);
    }

    void aRequestThatWasSentBeforeIsNotTheTrial()
    {
        const auto group = groupOf(m_clock, 1);
        Asker early(group, wishFor("a"));
        Asker another(group, wishFor("a"));
        fail(group, "a", unreachable());
        Asker trial(group, wishFor("a"));
        early.place.failed(unreachable());
        another.place = {};
        QVERIFY(Asker(group, wishFor("a")).error); // The trial still runs.
        trial.place = {};
        QVERIFY(Asker(group, wishFor("a")).place);
    }

    void anAnswerThatBreaksOffCountsAgainstItsRoute()
    {
        const auto group = groupOf(m_clock, 1);
        Asker asker(group, wishFor("a"));
        asker.place.succeeded();
        asker.place.failed(unreachable());
        QCOMPARE(circuitOf(*group, "a"), State::Open);
    }

private:
    ManualClock m_clock;
};

QTEST_GUILESS_MAIN(RouteGroupTest)
#include "tst_route_group.moc"

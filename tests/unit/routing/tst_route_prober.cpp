// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane.h"
#include "routing/route_prober.h"
#include "routing/turn.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// A prober whose seconds are short.
struct Probing : FakeMaker
{
    explicit Probing(const QList<RouteSettings> &routes, std::chrono::milliseconds interval = 10s)
    {
        auto settings = std::make_shared<Settings>(*settingsOf(routes));
        settings->routing.probeInterval = interval;
        directory = std::make_unique<RouteDirectory>(settings, clock);
        prober = std::make_unique<RouteProber>(*directory, catalogue, maker(), clock);
    }
    void start()
    {
        prober->start();
        timer = prober->findChild<QTimer *>();
        QCOMPARE(timer->interval(), 1000);
        timer->setInterval(1ms);
        QObject::connect(timer, &QTimer::timeout, &context, [this] { ++seconds; });
    }
    /// Lets some seconds pass; what they bring has happened afterwards.
    void wait()
    {
        const int before = seconds;
        QTRY_VERIFY(seconds >= before + 3);
    }
    [[nodiscard]] CircuitBreaker::State circuit(const QByteArray &key) const
    {
        for (const RouteTraffic &traffic : directory->current()->groupOf(key)->traffic()) {
            if (traffic.key == key)
                return traffic.circuit;
        }
        qFatal("no such route");
    }

    TurnedClock clock;
    Catalogue catalogue{clock};
    std::unique_ptr<RouteDirectory> directory;
    std::unique_ptr<RouteProber> prober;
    QTimer *timer = nullptr;
    QObject context;
    int seconds = 0;
};

const Error unreachable{.code = ErrorCode::UpstreamUnreachable};

constexpr auto closed = CircuitBreaker::State::Closed;
constexpr auto open = CircuitBreaker::State::Open;

} // namespace

class TestRouteProber : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void allUpstreamsAreAskedOnceAtTheStart()
    {
        RouteSettings local = routeOf("local");
        local.kind = RouteKind::Local;
        Probing probing({routeOf("a"), local, routeOf("b", "", "p")});
        QVERIFY(probing.backends.empty());
        probing.start();
        QCOMPARE(probing.keys, QStringList({QStringLiteral("a"), QStringLiteral("b")}));
        for (FakeBackend *backend : probing.backends) {
            QCOMPARE(backend->questions(), size_t(1));
            backend->answer(modelsNamed({"one"}));
        }
        probing.clock.turn(1h);
        probing.wait();
        QCOMPARE(probing.backends[0]->questions(), size_t(1)); // Well, and alone: requests will tell.
        QCOMPARE(probing.backends[1]->questions(), size_t(2));
    }

    void noRouteIsAskedTwiceAtOnce()
    {
        Probing probing({routeOf("a", "", "p")});
        probing.start();
        probing.clock.turn(1h);
        probing.wait();
        QCOMPARE(probing.backends[0]->questions(), size_t(1));
    }

    void poolsAreAskedEveryInterval()
    {
        Probing probing({routeOf("a", "", "p"), routeOf("b", "", "p")}, 5s);
        probing.start();
        for (FakeBackend *backend : probing.backends)
            backend->answerAtOnce(modelsNamed({"one"}));
        for (FakeBackend *backend : probing.backends)
            backend->answer(modelsNamed({"one"}));
        probing.clock.turn(4'999ms);
        probing.wait();
        QCOMPARE(probing.backends[1]->questions(), size_t(1));
        probing.catalogue.probe("a", *probing.backends[0]); // Somebody else asks: that counts, too.
        probing.clock.turn(1ms);
        probing.wait();
        QCOMPARE(probing.backends[0]->questions(), size_t(2));
        QCOMPARE(probing.backends[1]->questions(), size_t(2));
    }

    void withoutAnIntervalNobodyWhoIsWellIsAsked()
    {
        Probing probing({routeOf("a", "", "p")}, 0ms);
        probing.start();
        probing.backends[0]->answer(modelsNamed({"one"}));
        probing.clock.turn(1h);
        probing.wait();
        QCOMPARE(probing.backends[0]->questions(), size_t(1));
    }

    void aRouteThatIsLeftAloneIsAskedUntilItIsBack()
    {
        Probing probing({routeOf("a")}, 0ms);
        probing.start();
        probing.backends[0]->answerAtOnce(unreachable);
        probing.backends[0]->answer(unreachable);
        QTRY_COMPARE(probing.circuit("a"), open);
        const size_t before = probing.backends[0]->questions();
        probing.wait();
        QVERIFY(probing.backends[0]->questions() >= before + 2);
        probing.clock.turn(1min); // A rest that is over doesn't end the asking.
        probing.wait();
        QVERIFY(probing.backends[0]->questions() >= before + 4);
        probing.backends[0]->answerAtOnce(modelsNamed({"one"}));
        QTRY_COMPARE(probing.circuit("a"), closed);
        probing.wait();
        const size_t after = probing.backends[0]->questions();
        probing.wait();
        QCOMPARE(probing.backends[0]->questions(), after);
    }

    void whatAnswersAnythingIsThere_data()
    {
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("reason");
        QTest::addColumn<bool>("isThere");
        QTest::newRow("rejected") << int(ErrorCode::UpstreamRejected) << QByteArray() << true;
        QTest::newRow("failed") << int(ErrorCode::UpstreamFailed) << QByteArray() << true;
        QTest::newRow("unreachable") << int(ErrorCode::UpstreamUnreachable) << QByteArray() << false;
        QTest::newRow("connect timeout")
            << int(ErrorCode::UpstreamTimeout) << QByteArray("connect_timeout") << false;
        QTest::newRow("slow answer") << int(ErrorCode::UpstreamTimeout) << QByteArray() << true; // Or busy.
        QTest::newRow("internal") << int(ErrorCode::Internal) << QByteArray() << true; // Says nothing.
    }

    void whatAnswersAnythingIsThere()
    {
        QFETCH(int, code);
        QFETCH(QByteArray, reason);
        QFETCH(bool, isThere);
        Probing probing({routeOf("a")}, 0ms);
        probing.start();
        probing.backends[0]->answer(Error{.code = ErrorCode(code), .reason = reason});
        probing.wait();
        QCOMPARE(probing.circuit("a"), isThere ? closed : open);
    }

    void whatOthersLearnCounts()
    {
        Probing probing({routeOf("a")}, 0ms);
        probing.start();
        probing.backends[0]->answer(modelsNamed({"one"}));
        FakeBackend other;
        probing.clock.turn(1s);
        probing.catalogue.probe("a", other);
        other.answer(unreachable);
        QTRY_COMPARE(probing.circuit("a"), open);
    }

    void anAskerThatEndsTellsNothing()
    {
        Probing probing({routeOf("a")}, 0ms);
        probing.start();
        probing.timer->stop();
        probing.backends[0]->answer(unreachable);
        QTRY_COMPARE(probing.circuit("a"), open);
        Place place;
        Turn turn(probing.directory->current()->groups.first(), {.routes = {"a"}, .model = "one"});
        turn.take([&](Result<Place> taken) { place = std::move(*taken); });
        place.succeeded();
        QCOMPARE(probing.circuit("a"), closed);
        FakeBackend other;
        probing.catalogue.probe("a", other);
        other.forget(); // The entry is still that of the failure.
        QTest::qWait(1);
        QCOMPARE(probing.circuit("a"), closed);
    }

    void theRoutesMayChange()
    {
        Probing probing({routeOf("a", "http://a"), routeOf("b", "http://b"), routeOf("c", "http://c")});
        probing.start();
        for (FakeBackend *backend : probing.backends)
            backend->answer(modelsNamed({"one"}));
        probing.directory->apply(settingsOf({routeOf("a", "http://a"), routeOf("b", "http://other")}));
        QTRY_COMPARE(probing.backends.size(), size_t(4));
        QCOMPARE(probing.keys.last(), QStringLiteral("b"));
        QCOMPARE(probing.backends[3]->questions(), size_t(1));
        QCOMPARE(probing.backends[0]->questions(), size_t(1));
        QVERIFY(probing.catalogue.entries()->contains("a"));
        QVERIFY(!probing.catalogue.entries()->contains("b"));
        QVERIFY(!probing.catalogue.entries()->contains("c"));
        probing.backends[3]->answer(unreachable);
        QTRY_COMPARE(probing.circuit("b"), open);
    }

    void nothingIsAskedBeforeTheStart()
    {
        Probing probing({routeOf("a")});
        probing.directory->apply(settingsOf({routeOf("b")}));
        QTest::qWait(1);
        QVERIFY(probing.backends.empty());
    }

    void aRouteWithoutABackendIsLeftOut()
    {
        Probing probing({routeOf("a"), routeOf("b", "", "p")});
        probing.refused = QStringLiteral("a");
        probing.start();
        QCOMPARE(probing.keys, QStringList(QStringLiteral("b")));
        probing.directory->current()->groupOf("a")->probed("a", false);
        probing.wait();
        QCOMPARE(probing.circuit("a"), open);
    }

    void itMayEndWhileItAsks()
    {
        Probing probing({routeOf("a"), routeOf("b", "", "p")});
        probing.start();
        probing.prober.reset();
        QVERIFY(probing.catalogue.entries()->isEmpty());
        FakeBackend other;
        QVERIFY(probing.catalogue.refresh("a", other));
        QCOMPARE(other.questions(), size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestRouteProber)
#include "tst_route_prober.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
// A router while the routes change.
#include "lane.h"

#include <QEventLoop>
#include <QTest>
#include <QTimer>

#include <atomic>
#include <latch>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestRouteChanges : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_catalogue = std::make_unique<Catalogue>(m_clock);
        m_directory = std::make_unique<RouteDirectory>(
            settingsOf({routeOf("a", "http://a"), routeOf("b", "http://b")}), m_clock);
    }

    void routesThatStayKeepTheirBackends()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        RouteSettings heavier = routeOf("b", "http://b");
        heavier.weight = 2;
        m_directory->apply(settingsOf({routeOf("c", "http://c"), routeOf("a", "http://a"), heavier}));
        QTRY_COMPARE(lane.keys, stringsOf({"a", "b", "c", "b"}));
        learn(lane, 2, {"three"});
        QVERIFY(m_catalogue->refresh("a", *lane.backends[0]));
        lane.backends[0]->answer(modelsNamed({"one"}));
        QVERIFY(m_catalogue->refresh("b", *lane.backends[3]));
        lane.backends[3]->answer(modelsNamed({"two"}));
        lane.resolve("one");
        QCOMPARE(lane.answer, QByteArray("a:one"));
        QCOMPARE(lane.resolved->candidates.first().backend.get(), lane.backends[0]);
        lane.resolve("two");
        QCOMPARE(lane.resolved->candidates.first().backend.get(), lane.backends[3]);
    }

    void requestsKeepTheBackendThatTheyHave()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        learn(lane, 0, {"one"});
        learn(lane, 1, {"two"});
        lane.resolve("one");
        const ResolvedModel kept = *lane.resolved;
        lane.resolved.reset();
        QVERIFY(kept.candidates.first().backend.use_count() > 1); // The router has it, too.
        m_directory->apply(settingsOf({routeOf("b", "http://b")}));
        QTRY_COMPARE(kept.candidates.first().backend.use_count(), 1);
        (void)kept.candidates.first().backend->models();
        lane.resolve("two");
        QCOMPARE(lane.answer, QByteArray("b:two"));
    }

    void aRequestIsResolvedByTheRoutesThatThereAreThen()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        learn(lane, 0, {"one"});
        learn(lane, 1, {"two"});
        lane.resolve("one", "a");
        QCOMPARE(lane.answer, QByteArray("a:one"));
        m_directory->apply(settingsOf({routeOf("b", "http://b")}));
        lane.resolve("one", "a"); // The lane's event loop hasn't told it yet.
        QCOMPARE(lane.answer, QByteArray("model_not_found"));
        lane.resolve("two");
        QCOMPARE(lane.answer, QByteArray("b:two"));
    }

    void localModelsAreTakenAnewWithEveryChange()
    {
        RouteSettings local = routeOf("local");
        local.kind = RouteKind::Local;
        m_directory->apply(settingsOf({local, routeOf("b", "http://b")}));
        Lane lane(*m_directory, *m_catalogue, m_clock);
        m_directory->apply(settingsOf({local, routeOf("b", "http://b")}));
        // What it stands for may have been removed and be another one now.
        QTRY_COMPARE(lane.keys, stringsOf({"local", "b", "local"}));
    }

    void listsOfRoutesThatStayAreKept()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        learn(lane, 0, {"one"});
        learn(lane, 1, {"two"});
        RouteSettings heavier = routeOf("b", "http://b");
        heavier.weight = 2;
        m_directory->apply(settingsOf({routeOf("a", "http://elsewhere"), heavier}));
        QTRY_COMPARE(lane.keys.size(), 4);
        QVERIFY(!m_catalogue->entries()->contains("a"));
        QVERIFY(m_catalogue->entries()->contains("b"));
    }

    void otherCredentialsListAnew()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        learn(lane, 1, {"two"});
        RouteSettings other = routeOf("b", "http://b");
        other.apiKey = Secret("new");
        m_directory->apply(settingsOf({routeOf("a", "http://a"), other}));
        QTRY_COMPARE(lane.keys.size(), 3);
        QVERIFY(!m_catalogue->entries()->contains("b"));
    }

    void whoWaitsForARouteThatIsGoneAsksThoseThatThereAre()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        lane.resolve("two");
        lane.backends[1]->answer(modelsNamed({"one"}));
        m_directory->apply(settingsOf({routeOf("b", "http://b"), routeOf("c", "http://c")}));
        QTRY_COMPARE(lane.keys.size(), 3);
        QTRY_COMPARE(lane.backends[2]->questions(), size_t(1));
        QCOMPARE(lane.answer, QByteArray());
        lane.backends[2]->answer(modelsNamed({"two"}));
        QTRY_COMPARE(lane.answer, QByteArray("c:two"));
    }

    void whoWaitsForARouteThatMovedAsksItWhereItIs()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        Lane other(*m_directory, *m_catalogue, m_clock);
        lane.resolve("two");
        other.resolve("two"); // The first one asks.
        lane.backends[0]->answer(modelsNamed({"one"}));
        m_directory->apply(settingsOf({routeOf("a", "http://a"), routeOf("b", "http://elsewhere")}));
        QTRY_COMPARE(other.keys.size(), 3);
        const auto asked = [&] {
            return lane.backends[2]->questions() + other.backends[2]->questions();
        };
        QTRY_VERIFY(asked() >= 1);
        for (FakeBackend *backend : {lane.backends[2], other.backends[2]}) {
            if (backend->questions() > 0)
                backend->answer(modelsNamed({"two"}));
            backend->answerAtOnce(modelsNamed({"two"}));
        }
        QTRY_COMPARE(lane.answer, QByteArray("b:two"));
        QTRY_COMPARE(other.answer, QByteArray("b:two"));
    }

    void listingsAndRenewalsEndThoughTheRoutesChange()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        int told = 0;
        lane.router->list(&lane.context, [&](const ModelListing &listing) {
            told += listing.models.size() == 1 && listing.unavailable.isEmpty() ? 1 : 0;
        });
        lane.router->renew(&lane.context, [&] { ++told; });
        m_directory->apply(settingsOf({routeOf("c", "http://c")}));
        QTRY_COMPARE(lane.keys.size(), 3);
        lane.backends[2]->answer(modelsNamed({"three"}));
        QTRY_COMPARE(told, 2);
    }

    void noRouteMayBeLeft()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        lane.resolve("two");
        m_directory->apply(settingsOf({}));
        QTRY_COMPARE(lane.answer, QByteArray("model_not_found"));
        QVERIFY(lane.router->health().isEmpty());
        m_directory->apply(settingsOf({routeOf("a", "http://a")}));
        QTRY_COMPARE(lane.keys.size(), 3);
        lane.resolve("two");
        QCOMPARE(lane.answer, QByteArray("a:two"));
    }

    void whoIsGoneIsNotCalledAfterAChange()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        auto context = std::make_unique<QObject>();
        lane.router->resolve("two", {}, context.get(),
                             [](const Result<ResolvedModel> &) { QFAIL("called back"); });
        context.reset();
        m_directory->apply(settingsOf({routeOf("c", "http://c")}));
        QTRY_COMPARE(lane.keys.size(), 3);
        QTest::qWait(1);
    }

    void fallbacksAndAttemptsFollow()
    {
        Lane lane(*m_directory, *m_catalogue, m_clock);
        QCOMPARE(lane.router->attempts(), 3);
        Settings settings = *settingsOf({routeOf("a", "http://a")});
        settings.routing.attempts = 5;
        settings.routing.fallbacks.insert(QStringLiteral("*"), {QStringLiteral("a:big")});
        m_directory->apply(std::make_shared<const Settings>(settings));
        QTRY_COMPARE(lane.router->attempts(), 5);
        QCOMPARE(lane.router->fallbacks("x"),
                 QList<FallbackModel>({FallbackModel{.model = "big", .routeKey = "a"}}));
    }

    void lanesInThreadsFollow()
    {
        constexpr int requests = 200;
        std::atomic<int> ended = 0;
        std::latch first(3); // Nobody is called before he listens,
        std::latch last(3);  // and none goes while another may still call him.
        const auto lane = [&] {
            QEventLoop loop;
            first.arrive_and_wait();
            FakeMaker fakes;
            fakes.atOnce = modelsNamed({"one"});
            ModelRouter router(*m_directory, fakes.maker(), *m_catalogue, m_clock);
            int left = requests;
            const std::function<void()> ask = [&] {
                router.resolve("one", "a", &loop, [&](const Result<ResolvedModel> &) {
                    ++ended;
                    if (--left == 0)
                        return loop.quit();
                    QMetaObject::invokeMethod(&loop, ask, Qt::QueuedConnection);
                });
            };
            QMetaObject::invokeMethod(&loop, ask, Qt::QueuedConnection);
            QTimer::singleShot(20s, &loop, &QEventLoop::quit);
            loop.exec();
            last.arrive_and_wait();
        };
        std::vector<std::jthread> threads; // Whose end ThreadSanitizer sees, unlike QThread's.
        for (int i = 0; i < 2; ++i)
            threads.emplace_back(lane);
        first.arrive_and_wait();
        for (int i = 0; i < 1000 && ended < 2 * requests; ++i)
            m_directory->apply(settingsOf({routeOf("a", i % 2 ? "http://a" : "http://other", "p"),
                                           routeOf("b", "http://b", i % 3 ? "p" : "")}));
        last.arrive_and_wait();
        QCOMPARE(ended, 2 * requests);
    }

private:
    static QStringList stringsOf(std::initializer_list<const char *> texts)
    {
        QStringList strings;
        for (const char *text : texts)
            strings.append(QString::fromLatin1(text));
        return strings;
    }
    void learn(Lane &lane, size_t index, std::initializer_list<const char *> models)
    {
        QVERIFY(m_catalogue->refresh(lane.keys.at(static_cast<qsizetype>(index)).toUtf8(),
                                     *lane.backends[index]));
        lane.backends[index]->answer(modelsNamed(models));
    }

    TurnedClock m_clock;
    std::unique_ptr<Catalogue> m_catalogue;
    std::unique_ptr<RouteDirectory> m_directory;
};

QTEST_GUILESS_MAIN(TestRouteChanges)
#include "tst_route_changes.moc"

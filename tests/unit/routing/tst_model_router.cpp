// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_backend.h"
#include "routing/model_router.h"

#include <QTest>
#include <QThread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

Settings twoRoutes()
{
    Settings settings;
    for (const auto &key : {QStringLiteral("a"), QStringLiteral("b")}) {
        RouteSettings route;
        route.key = key;
        settings.routes.append(route);
    }
    return settings;
}

/// One lane: a router with two fake backends.
struct Lane
{
    Lane(const Settings &settings, Catalogue &catalogue, const Clock &clock)
    {
        std::vector<std::unique_ptr<ChatBackend>> owned;
        for (qsizetype i = 0; i < settings.routes.size(); ++i) {
            auto fake = std::make_unique<FakeBackend>();
            backends.push_back(fake.get());
            owned.push_back(std::move(fake));
        }
        router = std::make_unique<ModelRouter>(std::make_shared<const Settings>(settings), std::move(owned),
                                               catalogue, clock);
    }

    void resolve(const QByteArray &model, const QByteArray &key = {})
    {
        answer.clear();
        router->resolve(model, key, &context, [this](const Result<ResolvedModel> &resolved) {
            answer = resolved ? resolved->routeKey + ':' + resolved->model
                              : QByteArray(errorCodeName(resolved.error().code));
            backend = resolved ? resolved->backend : nullptr;
        });
    }

    std::vector<FakeBackend *> backends;
    std::unique_ptr<ModelRouter> router;
    QObject context;
    QByteArray answer;
    ChatBackend *backend = nullptr;
};

} // namespace

class TestModelRouter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void knownAnswersComeAtOnce();
    void onlyRouteIsNotAsked();
    void unknownAnswersWaitForEveryRoute();
    void routesAreAskedOncePerFreshness();
    void routesAreNotAskedTwiceAtOnce();
    void oldListsAreRenewedBehindTheAnswer();
    void aRouteThatIsDownDoesNotHoldUpTheOthers();
    void nothingComesOnceTheContextIsGone();
    void anAskerThatEndsFreesTheQuestion();
    void listing();

private:
    TurnedClock m_clock;
    std::unique_ptr<Catalogue> m_catalogue;
    Settings m_settings;
};

void TestModelRouter::init()
{
    m_catalogue = std::make_unique<Catalogue>(m_clock);
    m_settings = twoRoutes();
}

void TestModelRouter::knownAnswersComeAtOnce()
{
    m_settings.routes[0].models = QStringList{QStringLiteral("one")};
    m_settings.routes[1].models = QStringList{QStringLiteral("two")};
    Lane lane(m_settings, *m_catalogue, m_clock);
    lane.resolve("two");
    QCOMPARE(lane.answer, QByteArray("b:two"));
    QCOMPARE(lane.backend, lane.backends[1]);
    lane.resolve({});
    QCOMPARE(lane.answer, QByteArray("a:one"));
    lane.resolve("three");
    QCOMPARE(lane.answer, QByteArray("model_not_found"));
    QCOMPARE(lane.backends[0]->questions() + lane.backends[1]->questions(), size_t(0));
}

void TestModelRouter::onlyRouteIsNotAsked()
{
    m_settings.routes.removeLast();
    Lane lane(m_settings, *m_catalogue, m_clock);
    lane.resolve("whatever");
    QCOMPARE(lane.answer, QByteArray("a:whatever"));
    QCOMPARE(lane.backends[0]->questions(), size_t(0));
}

void TestModelRouter::unknownAnswersWaitForEveryRoute()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    lane.resolve("two");
    lane.backends[1]->answer(modelsNamed({"two"}));
    QTest::qWait(0);
    QCOMPARE(lane.answer, QByteArray()); // Route a may serve it, too.
    lane.backends[0]->answer(modelsNamed({"one"}));
    QTRY_COMPARE(lane.answer, QByteArray("b:two"));
}

void TestModelRouter::routesAreAskedOncePerFreshness()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    for (FakeBackend *backend : lane.backends)
        backend->answerAtOnce(modelsNamed({"one"}));
    lane.resolve("two");
    QTRY_COMPARE(lane.answer, QByteArray("model_not_found"));
    m_clock.turn(9'999ms);
    lane.resolve("two");
    QCOMPARE(lane.answer, QByteArray("model_not_found"));
    QCOMPARE(lane.backends[0]->questions(), size_t(1));
    m_clock.turn(1ms);
    lane.resolve("two");
    QTRY_COMPARE(lane.answer, QByteArray("model_not_found"));
    QCOMPARE(lane.backends[0]->questions(), size_t(2));
}

void TestModelRouter::routesAreNotAskedTwiceAtOnce()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    Lane other(m_settings, *m_catalogue, m_clock);
    lane.resolve("one");
    other.resolve("two");
    lane.resolve("one");
    QCOMPARE(lane.backends[0]->questions(), size_t(1));
    QCOMPARE(other.backends[0]->questions(), size_t(0));
    lane.backends[0]->answer(modelsNamed({"one"}));
    lane.backends[1]->answer(modelsNamed({"two"}));
    QTRY_COMPARE(lane.answer, QByteArray("a:one"));
    QTRY_COMPARE(other.answer, QByteArray("b:two"));
    QCOMPARE(other.backend, other.backends[1]); // Each lane uses its own.
}

void TestModelRouter::oldListsAreRenewedBehindTheAnswer()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    lane.resolve("one");
    lane.backends[0]->answer(modelsNamed({"one"}));
    lane.backends[1]->answer(modelsNamed({"two"}));
    QTRY_COMPARE(lane.answer, QByteArray("a:one"));
    m_clock.turn(1h);
    lane.resolve("one");
    QCOMPARE(lane.answer, QByteArray("a:one"));         // At once, from the old list,
    QCOMPARE(lane.backends[0]->questions(), size_t(2)); // which is being renewed.
    lane.backends[0]->answer(modelsNamed({"uno"}));
    lane.backends[1]->answer(modelsNamed({"two"}));
    lane.resolve("one");
    QCOMPARE(lane.answer, QByteArray("model_not_found"));
}

void TestModelRouter::aRouteThatIsDownDoesNotHoldUpTheOthers()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    lane.resolve("one");
    lane.backends[0]->answer(modelsNamed({"one"}));
    lane.backends[1]->answer(Error{.code = ErrorCode::UpstreamTimeout, .message = QStringLiteral("slow")});
    QTRY_COMPARE(lane.answer, QByteArray("a:one"));
    m_clock.turn(1h);
    lane.resolve("one");
    QCOMPARE(lane.answer, QByteArray("a:one"));
}

void TestModelRouter::nothingComesOnceTheContextIsGone()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    auto context = std::make_unique<QObject>();
    bool called = false;
    lane.router->resolve("one", {}, context.get(), [&](const Result<ResolvedModel> &) { called = true; });
    lane.router->list(context.get(), [&](const ModelListing &) { called = true; });
    context.reset();
    for (FakeBackend *backend : lane.backends)
        backend->answer(modelsNamed({"one"}));
    QTest::qWait(10);
    QVERIFY(!called);
}

void TestModelRouter::anAskerThatEndsFreesTheQuestion()
{
    auto lane = std::make_unique<Lane>(m_settings, *m_catalogue, m_clock);
    Lane other(m_settings, *m_catalogue, m_clock);
    lane->resolve("two");
    other.resolve("two");
    lane.reset();
    QTRY_COMPARE(other.answer, QByteArray("model_not_found"));
    m_clock.turn(10s);
    other.resolve("two");
    QCOMPARE(other.backends[0]->questions(), size_t(1));
    other.backends[0]->answer(modelsNamed({"one"}));
    other.backends[1]->answer(modelsNamed({"two"}));
    QTRY_COMPARE(other.answer, QByteArray("b:two"));
}

void TestModelRouter::listing()
{
    Lane lane(m_settings, *m_catalogue, m_clock);
    std::optional<ModelListing> shown;
    const auto show = [&](const ModelListing &listing) {
        shown = listing;
    };
    lane.router->list(&lane.context, show);
    QVERIFY(!shown);
    m_clock.turn(25ms);
    lane.backends[0]->answer(modelsNamed({"one"}));
    lane.backends[1]->answer(
        Error{.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("down")});
    QTRY_VERIFY(shown);
    QCOMPARE(shown->models.size(), 1);
    QCOMPARE(shown->models.first().sources, QList<ModelListing::Source>({{"a", 25ms}}));
    QCOMPARE(shown->unavailable, QList<QByteArray>({"b"}));
    shown.reset();
    lane.router->list(&lane.context, show);
    QVERIFY(shown);
    QCOMPARE(lane.backends[0]->questions(), size_t(1));
}

QTEST_GUILESS_MAIN(TestModelRouter)
#include "tst_model_router.moc"

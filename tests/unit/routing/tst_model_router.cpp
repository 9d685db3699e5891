// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

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
    void questionsThatComeToNothingHaveAnEnd();
    void whatCandidatesAreAskedFor();
    void aRouteWithoutABackendFailsWithTheReason();
    void listing();

private:
    TurnedClock m_clock;
    std::unique_ptr<Catalogue> m_catalogue;
    Settings m_settings;
    std::unique_ptr<RouteDirectory> m_directory;

    RouteDirectory &directory()
    {
        if (!m_directory)
            m_directory =
                std::make_unique<RouteDirectory>(std::make_shared<const Settings>(m_settings), m_clock);
        return *m_directory;
    }
};

void TestModelRouter::init()
{
    m_catalogue = std::make_unique<Catalogue>(m_clock);
    m_directory.reset();
    m_settings = *settingsOf({routeOf("a"), routeOf("b")});
}

void TestModelRouter::knownAnswersComeAtOnce()
{
    m_settings.routes[0].models = QStringList{QStringLiteral("one")};
    m_settings.routes[1].models = QStringList{QStringLiteral("two")};
    Lane lane(directory(), *m_catalogue, m_clock);
    lane.resolve("two");
    QCOMPARE(lane.answer, QByteArray("b:two"));
    QCOMPARE(lane.resolved->candidates.first().backend.get(), lane.backends[1]);
    lane.resolve({});
    QCOMPARE(lane.answer, QByteArray("a:one"));
    lane.resolve("three");
    QCOMPARE(lane.answer, QByteArray("model_not_found"));
    QCOMPARE(lane.backends[0]->questions() + lane.backends[1]->questions(), size_t(0));
}

void TestModelRouter::onlyRouteIsNotAsked()
{
    m_settings.routes.removeLast();
    Lane lane(directory(), *m_catalogue, m_clock);
    lane.resolve("whatever");
    QCOMPARE(lane.answer, QByteArray("a:whatever"));
    QCOMPARE(lane.backends[0]->questions(), size_t(0));
}

void TestModelRouter::unknownAnswersWaitForEveryRoute()
{
    Lane lane(directory(), *m_catalogue, m_clock);
    lane.resolve("two");
    lane.backends[1]->answer(modelsNamed({"two"}));
    QTest::qWait(0);
    QCOMPARE(lane.answer, QByteArray()); // Route a may serve it, too.
    lane.backends[0]->answer(modelsNamed({"one"}));
    QTRY_COMPARE(lane.answer, QByteArray("b:two"));
}

void TestModelRouter::routesAreAskedOncePerFreshness()
{
    Lane lane(directory(), *m_catalogue, m_clock);
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
    Lane lane(directory(), *m_catalogue, m_clock);
    Lane other(directory(), *m_catalogue, m_clock);
    lane.resolve("one");
    other.resolve("two");
    lane.resolve("one");
    QCOMPARE(lane.backends[0]->questions(), size_t(1));
    QCOMPARE(other.backends[0]->questions(), size_t(0));
    lane.backends[0]->answer(modelsNamed({"one"}));
    lane.backends[1]->answer(modelsNamed({"two"}));
    QTRY_COMPARE(lane.answer, QByteArray("a:one"));
    QTRY_COMPARE(other.answer, QByteArray("b:two"));
    QCOMPARE(other.resolved->candidates.first().backend.get(), other.backends[1]); // Each lane uses its own.
}

void TestModelRouter::oldListsAreRenewedBehindTheAnswer()
{
    Lane lane(directory(), *m_catalogue, m_clock);
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
    Lane lane(directory(), *m_catalogue, m_clock);
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
    Lane lane(directory(), *m_catalogue, m_clock);
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

// Whoever waits for the answer asks himself, and is not told that there is no such model.
void TestModelRouter::anAskerThatEndsFreesTheQuestion()
{
    auto lane = std::make_unique<Lane>(directory(), *m_catalogue, m_clock);
    Lane other(directory(), *m_catalogue, m_clock);
    lane->resolve("two");
    other.resolve("two");
    QCOMPARE(other.backends[0]->questions(), size_t(0));
    lane.reset();
    QTRY_COMPARE(other.backends[1]->questions(), size_t(1));
    QCOMPARE(other.backends[0]->questions(), size_t(1));
    QCOMPARE(other.answer, QByteArray());
    other.backends[0]->answer(modelsNamed({"one"}));
    other.backends[1]->answer(modelsNamed({"two"}));
    QTRY_COMPARE(other.answer, QByteArray("b:two"));
}

void TestModelRouter::questionsThatComeToNothingHaveAnEnd()
{
    Lane lane(directory(), *m_catalogue, m_clock);
    lane.backends[0]->forgetAtOnce();
    lane.backends[1]->answerAtOnce(modelsNamed({"one"}));
    lane.resolve("two");
    QTRY_COMPARE(lane.answer, QByteArray("overloaded"));
    QVERIFY(lane.backends[0]->questions() <= size_t(10));
    lane.resolve("one"); // Of what is known.
    QTRY_COMPARE(lane.answer, QByteArray("b:one"));
    bool isListed = false;
    lane.router->list(&lane.context, [&](const ModelListing &listing) {
        isListed = listing.unavailable == QList<QByteArray>{"a"};
    });
    QTRY_VERIFY(isListed);
}

void TestModelRouter::whatCandidatesAreAskedFor()
{
    m_settings.routes[0].pool = m_settings.routes[1].pool = QStringLiteral("p");
    m_settings.routes[0].models = QStringList{QStringLiteral("small")};
    m_settings.routes[0].names.insert(QStringLiteral("small"), QStringLiteral("qwen3:0.6b"));
    m_settings.routes[1].timeouts.total = 7s;
    Lane lane(directory(), *m_catalogue, m_clock);
    QVERIFY(m_catalogue->refresh("b", *lane.backends[1]));
    lane.backends[1]->answer(QList<ModelInfo>{{.id = "small", .contextLength = 8192}});
    lane.resolve("small");
    QCOMPARE(lane.answer, QByteArray("a+b:small"));
    QCOMPARE(lane.resolved->candidates[0].upstreamModel, QByteArray("qwen3:0.6b"));
    QCOMPARE(lane.resolved->candidates[1].upstreamModel, QByteArray("small"));
    QCOMPARE(lane.resolved->candidates[1].total, std::chrono::milliseconds(7s));
    QCOMPARE(lane.resolved->group, directory().current()->groups.first());
    QCOMPARE(lane.resolved->contextLength, 8192);
    // A pool is as wide as its narrowest route; that one was asked by a probe.
    m_catalogue->probe("a", *lane.backends[0]);
    lane.backends[0]->answer(QList<ModelInfo>{{.id = "qwen3:0.6b", .contextLength = 4096}});
    lane.resolve("small");
    QCOMPARE(lane.resolved->contextLength, 4096);
}

void TestModelRouter::aRouteWithoutABackendFailsWithTheReason()
{
    m_settings.routes.removeLast();
    FakeMaker maker;
    maker.refused = QStringLiteral("a");
    ModelRouter router(directory(), maker.maker(), *m_catalogue, m_clock);
    std::shared_ptr<ChatBackend> backend;
    router.resolve("one", {}, this,
                   [&](const Result<ResolvedModel> &found) { backend = found->candidates.first().backend; });
    QVERIFY(backend);
    const ChatStreamPtr stream = backend->open({});
    QString reason;
    connect(stream.get(), &ChatStream::event, this,
            [&](const ChatEvent &event) { reason = std::get<AnswerFailed>(event).error.message; });
    QCOMPARE(reason, QString()); // Not before open() has returned.
    QTRY_COMPARE(reason, QStringLiteral("no such file"));
    bool wasTold = false;
    router.list(this, [&](const ModelListing &listing) { wasTold = listing.models.isEmpty(); });
    QTRY_VERIFY(wasTold);
    const ChatStreamPtr dropped = backend->open({});
    connect(dropped.get(), &ChatStream::event, this, [] { QFAIL("told after cancel()"); });
    dropped->cancel();
    QTest::qWait(0);
}

void TestModelRouter::listing()
{
    Lane lane(directory(), *m_catalogue, m_clock);
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

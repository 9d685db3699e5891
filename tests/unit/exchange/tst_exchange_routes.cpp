// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/exchange.h"
#include "unit/exchange/puppet_backend.h"
#include "unit/exchange/recording_journal.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const Error refused{.code = ErrorCode::UpstreamUnreachable, .message = QStringLiteral("nobody there")};
const Error broken{
    .code = ErrorCode::UpstreamFailed, .message = QStringLiteral("500"), .upstreamStatus = 500};
const Error mistaken{
    .code = ErrorCode::UpstreamRejected, .message = QStringLiteral("400"), .upstreamStatus = 400};
const Error tooLong{.code = ErrorCode::UpstreamRejected,
                    .message = QStringLiteral("too long"),
                    .reason = "context_length_exceeded",
                    .upstreamStatus = 400};

/// One exchange and what became of it.
struct Asked
{
    Asked(Journal &journal, ModelRouter &router, const Clock &clock, const Caller &caller)
        : ticket(journal, clock, RequestRecord{.requestId = "r", .caller = caller, .start = clock.now()})
        , exchange(std::make_unique<Exchange>(ticket, router, clock))
    {
        QObject::connect(exchange.get(), &Exchange::event, exchange.get(),
                         [this](const ChatEvent &event) { seen.append(event); });
        QObject::connect(exchange.get(), &Exchange::queued, exchange.get(), [this] { ++queued; });
    }

    [[nodiscard]] std::optional<Error> failure() const
    {
        const auto *failed = seen.isEmpty() ? nullptr : std::get_if<AnswerFailed>(&seen.last());
        return failed ? std::optional(failed->error) : std::nullopt;
    }

    Ticket ticket;
    std::unique_ptr<Exchange> exchange;
    QList<ChatEvent> seen;
    int queued = 0;
};

} // namespace

/// Which routes a request is tried at, one after the other.
class ExchangeRoutesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

    void aRouteThatFailsBeforeTheFirstWordIsFollowedByTheNext();
    void whatHasBegunIsNotBegunAgain();
    void theCallersMistakeIsToldAtOnce();
    void noMoreUpstreamsAreAskedThanAllowed();
    void whoCannotBeReachedDoesNotCount();
    void noAttemptBeginsAfterTheDeadline();
    void fallbacksFollowThePool();
    void theFirstModelsFailureIsTold();
    void aRouteThatIsLeftAloneIsNotAskedWhereThereIsAFallback();
    void aModelThatTheKeyMayNotUseIsNoFallback();
    void whatIsTooLongGoesToAWiderModel();
    void renamedModelsKeepTheirCallersName();
    void requestsWaitForAPlaceAndLeaveTheQueue();
    void oneConversationStaysWithOneRoute();

private:
    void addRoute(const char *key, const char *model, const char *pool = "");
    void build();
    Asked &ask(const QByteArray &model, const QByteArray &text = "Hello");
    [[nodiscard]] PuppetBackend &at(const char *key) { return *m_backends.value(key); }
    /// The route that has a request; empty: none.
    [[nodiscard]] QByteArray busy() const;
    void tell(const QByteArray &key, const ChatEvent &event)
    {
        Q_EMIT m_backends.value(key)->stream->event(event);
    }
    void answer(const QByteArray &key);

    RecordingJournal m_journal;
    StandingClock m_clock;
    Settings m_settings;
    Caller m_caller;
    std::unique_ptr<Catalogue> m_catalogue;
    std::unique_ptr<RouteDirectory> m_directory;
    std::unique_ptr<ModelRouter> m_router;
    QHash<QByteArray, PuppetBackend *> m_backends;
    std::vector<std::unique_ptr<Asked>> m_asked;
};

void ExchangeRoutesTest::init()
{
    m_journal = {};
    m_settings = {};
    m_caller = {.keyId = "k1"};
    addRoute("one", "small", "pool");
    addRoute("two", "small", "pool");
    addRoute("three", "small", "pool");
    addRoute("far", "big");
}

void ExchangeRoutesTest::cleanup()
{
    const qsizetype asked = static_cast<qsizetype>(m_asked.size());
    m_asked.clear();
    QCOMPARE(m_journal.records.size(), asked); // Each is counted once.
    for (const RouteTraffic &route : m_directory->current()->groups.first()->traffic())
        QCOMPARE(route.outstanding, 0);
    m_router.reset();
}

void ExchangeRoutesTest::addRoute(const char *key, const char *model, const char *pool)
{
    m_settings.routes.append(
        RouteSettings{.key = QString::fromLatin1(key),
                      .url = QUrl(QStringLiteral("http://%1/v1").arg(QLatin1String(key))),
                      .models = {QString::fromLatin1(model)},
                      .pool = QString::fromLatin1(pool)});
}

void ExchangeRoutesTest::build()
{
    m_backends.clear();
    m_catalogue = std::make_unique<Catalogue>(m_clock);
    m_directory = std::make_unique<RouteDirectory>(std::make_shared<const Settings>(m_settings), m_clock);
    const auto make = [this](const RouteSettings &route) -> Result<std::unique_ptr<ChatBackend>> {
        auto backend = std::make_unique<PuppetBackend>();
        m_backends.insert(route.key.toLatin1(), backend.get());
        return std::unique_ptr<ChatBackend>(std::move(backend));
    };
    m_router = std::make_unique<ModelRouter>(*m_directory, make, *m_catalogue, m_clock);
}

Asked &ExchangeRoutesTest::ask(const QByteArray &model, const QByteArray &text)
{
    if (!m_router)
        build();
    m_asked.push_back(std::make_unique<Asked>(m_journal, *m_router, m_clock, m_caller));
    m_asked.back()->exchange->start(
        {.model = model, .input = Conversation{{textMessage(Role::User, text)}}, .stream = true});
    return *m_asked.back();
}

QByteArray ExchangeRoutesTest::busy() const
{
    for (const auto &group : m_directory->current()->groups) {
        for (const RouteTraffic &route : group->traffic()) {
            if (route.outstanding > 0)
                return route.key;
        }
    }
    return {};
}

void ExchangeRoutesTest::answer(const QByteArray &key)
{
    tell(key, AnswerStarted{.model = "small"});
    tell(key, TextDelta{.text = "Hi"});
    tell(key, ChoiceFinished{});
    tell(key, AnswerCompleted{});
}

void ExchangeRoutesTest::aRouteThatFailsBeforeTheFirstWordIsFollowedByTheNext()
{
    Asked &asked = ask("small");
    const QByteArray first = busy();
    tell(first, AnswerStarted{.model = "small"}); // The head of an answer is nothing yet.
    tell(first, AnswerFailed{broken});
    const QByteArray second = busy();
    QVERIFY(!second.isEmpty() && second != first);
    QVERIFY(asked.seen.isEmpty());
    answer(second);
    QVERIFY(std::holds_alternative<AnswerStarted>(asked.seen.first()));
    QVERIFY(std::holds_alternative<AnswerCompleted>(asked.seen.last()));
    const InferenceRecord &inference = *m_journal.records.first().inference;
    QCOMPARE(inference.route, second);
    QCOMPARE(inference.failedAttempts.size(), 1);
    QCOMPARE(inference.failedAttempts.first().route, first);
}

void ExchangeRoutesTest::whatHasBegunIsNotBegunAgain()
{
    Asked &asked = ask("small");
    const QByteArray first = busy();
    tell(first, AnswerStarted{.model = "small"});
    tell(first, TextDelta{.text = "Hi"});
    tell(first, AnswerFailed{broken});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::UpstreamFailed);
    QVERIFY(busy().isEmpty());
}

void ExchangeRoutesTest::theCallersMistakeIsToldAtOnce()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    Asked &asked = ask("small");
    tell(busy(), AnswerFailed{mistaken});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->upstreamStatus, 400);
    QVERIFY(busy().isEmpty());
    QVERIFY(m_journal.records.first().inference->failedAttempts.isEmpty());
}

void ExchangeRoutesTest::noMoreUpstreamsAreAskedThanAllowed()
{
    m_settings.routing.attempts = 2;
    m_settings.routing.fallbacks.insert(QStringLiteral("*"), {QStringLiteral("big")});
    Asked &asked = ask("small");
    tell(busy(), AnswerFailed{broken});
    tell(busy(), AnswerFailed{broken});
    QTRY_VERIFY(asked.failure());
    QVERIFY(busy().isEmpty());
}

void ExchangeRoutesTest::whoCannotBeReachedDoesNotCount()
{
    m_settings.routing.attempts = 1;
    Asked &asked = ask("small");
    tell(busy(), AnswerFailed{refused});
    tell(busy(), AnswerFailed{refused});
    answer(busy());
    QVERIFY(std::holds_alternative<AnswerCompleted>(asked.seen.last()));
}

void ExchangeRoutesTest::noAttemptBeginsAfterTheDeadline()
{
    Asked &asked = ask("small");
    m_clock.time += m_settings.routes.first().timeouts.total;
    tell(busy(), AnswerFailed{{.code = ErrorCode::UpstreamTimeout}});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::UpstreamTimeout);
    QVERIFY(busy().isEmpty());
}

void ExchangeRoutesTest::fallbacksFollowThePool()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"),
                                        {QStringLiteral("none"), QStringLiteral("far:big")});
    Asked &asked = ask("small");
    for (int i = 0; i < 3; ++i) {
        QVERIFY(busy() != "far");
        tell(busy(), AnswerFailed{refused});
    }
    QTRY_COMPARE(busy(), QByteArray("far"));
    QCOMPARE(at("far").asked.last().model, QByteArray("big"));
    tell("far", AnswerStarted{});
    tell("far", TextDelta{.text = "Hi"});
    QCOMPARE(std::get<AnswerStarted>(asked.seen.first()).model, QByteArray("big"));
    tell("far", AnswerCompleted{});
    QCOMPARE(m_journal.records.first().inference->model, QByteArray("big"));
}

void ExchangeRoutesTest::theFirstModelsFailureIsTold()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    Asked &asked = ask("small");
    for (int i = 0; i < 3; ++i)
        tell(busy(), AnswerFailed{refused});
    QTRY_COMPARE(busy(), QByteArray("far"));
    tell("far", AnswerFailed{broken});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::UpstreamUnreachable);
    QCOMPARE(m_journal.records.first().inference->failedAttempts.size(), 4);
}

void ExchangeRoutesTest::aRouteThatIsLeftAloneIsNotAskedWhereThereIsAFallback()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("big"), {QStringLiteral("small")});
    ask("big");
    tell("far", AnswerFailed{refused});
    answer(busy());
    ask("big");
    QCOMPARE(at("far").asked.size(), 1);
    QVERIFY(!busy().isEmpty());
    answer(busy());
}

void ExchangeRoutesTest::aModelThatTheKeyMayNotUseIsNoFallback()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    auto key = std::make_shared<KeyRecord>();
    key->models = {QStringLiteral("small")};
    m_caller.key = key;
    Asked &asked = ask("small");
    for (int i = 0; i < 3; ++i)
        tell(busy(), AnswerFailed{refused});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::UpstreamUnreachable);
    QVERIFY(at("far").asked.isEmpty());
}

void ExchangeRoutesTest::whatIsTooLongGoesToAWiderModel()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    Asked &asked = ask("small");
    tell(busy(), AnswerFailed{tooLong});
    QTRY_COMPARE(busy(), QByteArray("far")); // The others of the pool have the same window.
    tell("far", AnswerFailed{tooLong});
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->reason, QByteArray("context_length_exceeded"));
}

void ExchangeRoutesTest::renamedModelsKeepTheirCallersName()
{
    m_settings.routes.last().names.insert(QStringLiteral("big"), QStringLiteral("qwen3:235b"));
    Asked &asked = ask("big");
    QCOMPARE(at("far").asked.last().model, QByteArray("qwen3:235b"));
    tell("far", AnswerStarted{.model = "qwen3:235b"});
    tell("far", TextDelta{.text = "Hi"});
    QCOMPARE(std::get<AnswerStarted>(asked.seen.first()).model, QByteArray("big"));
    tell("far", AnswerCompleted{});
    QCOMPARE(m_journal.records.first().inference->model, QByteArray("big"));
}

void ExchangeRoutesTest::requestsWaitForAPlaceAndLeaveTheQueue()
{
    m_settings.routes.last().maxConcurrent = 1;
    ask("big");
    Asked &second = ask("big");
    Asked &third = ask("big");
    QTRY_COMPARE(second.queued, 1);
    QTRY_COMPARE(third.queued, 1);
    QCOMPARE(second.exchange->placeInQueue(), 1);
    QCOMPARE(third.exchange->placeInQueue(), 2);
    QCOMPARE(at("far").asked.size(), 1);
    second.exchange.reset();
    QCOMPARE(third.exchange->placeInQueue(), 1);
    m_clock.time += 70ms;
    tell("far", AnswerCompleted{});
    QTRY_COMPARE(at("far").asked.size(), 2);
    QCOMPARE(third.exchange->placeInQueue(), 0);
    QCOMPARE(third.ticket.record().inference->waited, 70ms);
    tell("far", AnswerCompleted{});
    QVERIFY(std::holds_alternative<AnswerCompleted>(third.seen.last()));
}

void ExchangeRoutesTest::oneConversationStaysWithOneRoute()
{
    ask("small", "What is a gate?");
    const QByteArray first = busy();
    QSet<QByteArray> others;
    for (int i = 0; i < 3; ++i) {
        answer(busy());
        ask("small", "What is a gate?");
        QCOMPARE(busy(), first);
    }
    for (int i = 0; i < 30; ++i) {
        answer(busy());
        ask("small", "Question " + QByteArray::number(i));
        others.insert(busy());
    }
    answer(busy());
    QCOMPARE(others.size(), 3);
}

QTEST_GUILESS_MAIN(ExchangeRoutesTest)
#include "tst_exchange_routes.moc"

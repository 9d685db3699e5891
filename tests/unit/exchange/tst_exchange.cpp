// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/exchange.h"
#include "unit/exchange/puppet_backend.h"
#include "unit/exchange/recording_journal.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class ExchangeTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

    void passesEventsAndSettlesWithTheBackendsUsage();
    void estimatesUsageThatNobodyReported();
    void keepsWhatHadArrivedWhenDropped();
    void settlesFailures();
    void tellsAnUnknownModelAfterStartHasReturned();
    void passesPauseOnEvenBeforeTheStreamIsOpen();
    void sendsHistoryAlongAndLessOfItIfItWasTooMuch();

private:
    void start(const QByteArray &model = {}, bool stream = true);
    void tell(const ChatEvent &event) { Q_EMIT m_backend->stream->event(event); }
    [[nodiscard]] const RequestRecord &settled() const { return m_journal.records.first(); }

    RecordingJournal m_journal;
    StandingClock m_clock;
    PuppetBackend *m_backend = nullptr;
    Catalogue m_catalogue{m_clock};
    std::unique_ptr<RouteDirectory> m_directory;
    std::unique_ptr<ModelRouter> m_router;
    std::unique_ptr<Ticket> m_ticket;
    std::unique_ptr<Exchange> m_exchange;
    QList<ChatEvent> m_seen;
};

void ExchangeTest::init()
{
    m_journal = {};
    m_seen.clear();
    auto settings = std::make_shared<Settings>();
    settings->routes.append(RouteSettings{
        .key = QStringLiteral("box"), .kind = RouteKind::OpenAi, .models = {QStringLiteral("small")}});
    settings->model.allowedModels = {QStringLiteral("small")};
    m_router.reset();
    m_directory = std::make_unique<RouteDirectory>(settings, m_clock);
    const auto make = [this](const RouteSettings &) -> Result<std::unique_ptr<ChatBackend>> {
        auto backend = std::make_unique<PuppetBackend>();
        m_backend = backend.get();
        return std::unique_ptr<ChatBackend>(std::move(backend));
    };
    m_router = std::make_unique<ModelRouter>(*m_directory, make, m_catalogue, m_clock);
    m_ticket = std::make_unique<Ticket>(m_journal, m_clock,
                                        RequestRecord{.requestId = "r1", .start = m_clock.now()});
    m_exchange = std::make_unique<Exchange>(*m_ticket, *m_router, m_clock);
    connect(m_exchange.get(), &Exchange::event, this,
            [this](const ChatEvent &event) { m_seen.append(event); });
}

void ExchangeTest::cleanup()
{
    m_exchange.reset();
    m_ticket.reset();
    QCOMPARE(m_journal.records.size(), 1);
}

void ExchangeTest::start(const QByteArray &model, bool stream)
{
    m_exchange->start(
        {.model = model, .input = Conversation{{textMessage(Role::User, "12345678")}}, .stream = stream});
}

void ExchangeTest::passesEventsAndSettlesWithTheBackendsUsage()
{
    start();
    QCOMPARE(m_backend->asked.last().model, QByteArray("small"));
    m_clock.time += 20ms;
    tell(AnswerStarted{.model = "small"});
    tell(TextDelta{.text = "Hi"});
    tell(ChoiceFinished{.reason = FinishReason::Length});
    tell(UsageReported{{.promptTokens = 3, .completionTokens = 1}});
    tell(AnswerCompleted{});

    QCOMPARE(m_seen.size(), 5);
    QVERIFY(std::holds_alternative<AnswerCompleted>(m_seen.last()));
    QVERIFY(settled().outcome == Outcome::Answered);
    QCOMPARE(settled().inference->route, QByteArray("box"));
    QCOMPARE(settled().inference->usage, (Usage{.promptTokens = 3, .completionTokens = 1}));
    QVERIFY(settled().inference->finishReason == FinishReason::Length);
    QVERIFY(*settled().inference->firstToken - settled().inference->handedOver == 20ms);
}

void ExchangeTest::estimatesUsageThatNobodyReported()
{
    start();
    tell(AnswerStarted{.model = "small"});
    for (int i = 0; i < 5; ++i)
        tell(TextDelta{.text = "word "});
    tell(AnswerCompleted{});

    const Usage expected{.promptTokens = 2, .completionTokens = 5, .estimated = true};
    QCOMPARE(settled().inference->usage, expected);
    // The caller is told, too, and before the end.
    const auto *told = std::get_if<UsageReported>(&m_seen.at(m_seen.size() - 2));
    QVERIFY(told && told->usage == expected);
}

void ExchangeTest::keepsWhatHadArrivedWhenDropped()
{
    start();
    tell(TextDelta{.text = "one"});
    tell(TextDelta{.text = "two"});
    PuppetStream *stream = m_backend->stream;
    m_exchange.reset();
    QCOMPARE(stream->cancelled, 1);
    m_ticket.reset();
    QVERIFY(settled().outcome == Outcome::Abandoned);
    QCOMPARE(settled().inference->usage.completionTokens, 2);
}

void ExchangeTest::settlesFailures()
{
    start();
    tell(TextDelta{.text = "one"});
    tell(AnswerFailed{{.code = ErrorCode::UpstreamFailed, .message = QStringLiteral("cut")}});
    QVERIFY(std::holds_alternative<AnswerFailed>(m_seen.last()));
    QVERIFY(settled().outcome == Outcome::Failed);
    QVERIFY(settled().error->code == ErrorCode::UpstreamFailed);
    QCOMPARE(settled().inference->usage.completionTokens, 1);
}

void ExchangeTest::tellsAnUnknownModelAfterStartHasReturned()
{
    start("big");
    QVERIFY(m_seen.isEmpty());
    QTRY_COMPARE(m_seen.size(), 1);
    QVERIFY(std::get<AnswerFailed>(m_seen.first()).error.code == ErrorCode::Forbidden);
    QVERIFY(settled().outcome == Outcome::Failed);
}

void ExchangeTest::passesPauseOnEvenBeforeTheStreamIsOpen()
{
    m_exchange->pause();
    start();
    QVERIFY(m_backend->stream->paused);
    m_exchange->resume();
    QVERIFY(!m_backend->stream->paused);
}

void ExchangeTest::sendsHistoryAlongAndLessOfItIfItWasTooMuch()
{
    History history{.assumedWindow = 120};
    for (const char *text : {"one", "two", "three", "four"})
        history.messages << textMessage(Role::User, text) << textMessage(Role::Assistant, text);
    m_exchange->start({.input = Conversation{{textMessage(Role::User, "now")}}, .stream = true}, history);
    const auto sent = [this] {
        return std::get<Conversation>(m_backend->asked.last().input).messages.size();
    };
    const qsizetype atFirst = sent();
    QVERIFY(atFirst > 3);
    QCOMPARE(plainText(std::get<Conversation>(m_backend->asked.last().input).messages.last()),
             QByteArray("now"));

    const Error tooLong{.code = ErrorCode::UpstreamRejected, .reason = "context_length_exceeded"};
    qsizetype before = atFirst;
    while (sent() > 1) {
        tell(AnswerFailed{tooLong});
        QVERIFY(m_seen.isEmpty());
        QVERIFY(sent() <= before);
        before = sent();
    }
    QVERIFY(!m_ticket->isSettled());
    // Without any history it is the request itself that is too long.
    tell(AnswerFailed{tooLong});
    QTRY_COMPARE(m_seen.size(), 1);
    QVERIFY(m_ticket->isSettled());
}

QTEST_GUILESS_MAIN(ExchangeTest)
#include "tst_exchange.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/exchange/routed_house.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const Error mistaken{
    .code = ErrorCode::UpstreamRejected, .message = QStringLiteral("400"), .upstreamStatus = 400};
const Error tooLong{.code = ErrorCode::UpstreamRejected,
                    .message = QStringLiteral("too long"),
                    .reason = "context_length_exceeded",
                    .upstreamStatus = 400};

} // namespace

/// Which routes a request is tried at, one after the other.
class ExchangeRoutesTest : public RoutedHouse
{
    Q_OBJECT
private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void aRouteThatFailsBeforeTheFirstWordIsFollowedByTheNext();
    void whatHasBegunIsNotBegunAgain();
    void theCallersMistakeIsToldAtOnce();
    void noMoreUpstreamsAreAskedThanAllowed();
    void whoCannotBeReachedDoesNotCount();
    void whoComputedNothingDoesNotCount();
    void noAttemptBeginsAfterTheDeadline();
    void fallbacksFollowThePool();
    void theFirstModelsFailureIsTold();
    void aRouteThatIsLeftAloneIsNotAskedWhereThereIsAFallback();
    void aRouteThatIsntThereHasNoFallback();
    void aModelThatTheKeyMayNotUseIsNoFallback();
    void whatIsTooLongGoesToAWiderModel();
    void renamedModelsKeepTheirCallersName();
    void oneConversationStaysWithOneRoute();
};

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

void ExchangeRoutesTest::whoComputedNothingDoesNotCount()
{
    m_settings.routing.attempts = 1;
    Asked &asked = ask("small");
    for (const int status : {429, 401})
        tell(busy(), AnswerFailed{{.code = ErrorCode::UpstreamRejected, .upstreamStatus = status}});
    QVERIFY(!busy().isEmpty());
    answer(busy());
    QVERIFY(std::holds_alternative<AnswerCompleted>(asked.seen.last()));
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

// Whoever misspells a route must not be answered by another one, which may cost money.
void ExchangeRoutesTest::aRouteThatIsntThereHasNoFallback()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    Asked &asked = ask("small", "Hello", "nope");
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::ModelNotFound);
    QVERIFY(busy().isEmpty());
}

void ExchangeRoutesTest::aModelThatTheKeyMayNotUseIsNoFallback()
{
    m_settings.routing.fallbacks.insert(QStringLiteral("small"), {QStringLiteral("big")});
    auto key = std::make_shared<KeyRecord>();
    key->models = {QStringLiteral("small")};
    m_client.caller.key = key;
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

// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/response_cache.h"
#include "unit/exchange/recording_journal.h"

#include <QTest>

#include <array>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr ResponseCache::Limits switchedOn{.enabled = true};

CachedAnswer answerOf(const QByteArray &body)
{
    return {.body = body, .model = "m", .route = "r"};
}

/// One who asks, and keeps what he is told.
struct Asker
{
    void ask(ResponseCache &cache, const QByteArray &question)
    {
        cache.find(question, &context, [this](ResponseCache::Found found) {
            ++told;
            if (auto *answered = std::get_if<CachedAnswerPtr>(&found))
                answer = *answered;
            else
                flight = std::move(std::get<1>(found));
        });
    }

    QObject context;
    int told = 0;
    CachedAnswerPtr answer;
    std::unique_ptr<ResponseCache::Flight> flight;
};

/// Asks, and answers if it is up to him.
void teach(ResponseCache &cache, const QByteArray &question, const QByteArray &body)
{
    Asker asker;
    asker.ask(cache, question);
    if (asker.flight)
        asker.flight->land(answerOf(body));
}

/// The body that is kept; null: none.
QByteArray kept(ResponseCache &cache, const QByteArray &question)
{
    Asker asker;
    asker.ask(cache, question);
    return asker.answer ? asker.answer->body : QByteArray();
}

} // namespace

class ResponseCacheTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keepsAnAnswer();
    void tellsQuestionsApart();
    void forgetsAfterItsLifetime();
    void theLongestUnusedGoFirst();
    void manyQuestionsStayWithinTheBound();
    void tinyAnswersStayWithinTheBound();
    void hugeAnswersAreNotKept_data();
    void hugeAnswersAreNotKept();
    void aNewAnswerTakesThePlaceOfTheOld();
    void theSameQuestionWaits();
    void whoWaitsIsNotAnsweredBeforeItsThreadIsFree();
    void theNextInLineGetsTheDuty();
    void leadersFailOneAfterTheOther();
    void nobodyIsLeft();
    void thoseWhoLeftArePassedOver();
    void whoLeavesWithTheDutyOnItsWayPassesItOn();
    void aLongLineOfThoseWhoLeft();
    void switchedOffItNeitherKeepsNorWaits();
    void switchedOffItForgets();
    void clearedItForgets();
    void whatWasAskedBeforeIsNotKept();
    void narrowerBoundsHoldAtOnce();
    void switchingOffStrandsNobody();
    void aFlightMayOutliveTheCache();
    void landingTwiceCountsOnce();

private:
    StandingClock m_clock;
};

void ResponseCacheTest::keepsAnAnswer()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    first.ask(cache, "q");
    QVERIFY(first.flight);
    first.flight->land({.body = "b", .model = "m", .route = "r"});
    Asker second;
    second.ask(cache, "q");
    QVERIFY(second.answer);
    QCOMPARE(second.answer->body, QByteArray("b"));
    QCOMPARE(second.answer->model, QByteArray("m"));
    QCOMPARE(second.answer->route, QByteArray("r"));
    const auto figures = cache.figures();
    QCOMPARE(figures.hits, 1);
    QCOMPARE(figures.misses, 1);
    QCOMPARE(figures.answers, 1);
    QVERIFY(figures.bytes > 3);
}

void ResponseCacheTest::tellsQuestionsApart()
{
    ResponseCache cache(switchedOn, m_clock);
    teach(cache, "alice\nq", "hers");
    teach(cache, "bob\nq", "his");
    QCOMPARE(kept(cache, "alice\nq"), QByteArray("hers"));
    QCOMPARE(kept(cache, "bob\nq"), QByteArray("his"));
    QCOMPARE(kept(cache, ""), QByteArray());
}

void ResponseCacheTest::forgetsAfterItsLifetime()
{
    StandingClock clock;
    ResponseCache cache({.enabled = true, .lifetime = 10s}, clock);
    teach(cache, "q", "b");
    clock.time += 9999ms;
    QCOMPARE(kept(cache, "q"), QByteArray("b"));
    clock.time += 1ms; // Being used makes it no younger.
    QCOMPARE(kept(cache, "q"), QByteArray());
    QCOMPARE(cache.figures().answers, 0);
    QCOMPARE(cache.figures().bytes, 0);
}

void ResponseCacheTest::theLongestUnusedGoFirst()
{
    ResponseCache cache({.enabled = true, .maxBytes = 3 * 2000}, m_clock);
    for (const char *question : {"a", "b", "c"})
        teach(cache, question, QByteArray(1400, 'x'));
    QCOMPARE(cache.figures().answers, 3);
    QVERIFY(!kept(cache, "a").isEmpty());
    teach(cache, "d", QByteArray(1400, 'x'));
    QVERIFY(!kept(cache, "a").isEmpty());
    QVERIFY(kept(cache, "b").isEmpty());
    QVERIFY(!kept(cache, "c").isEmpty());
    QVERIFY(!kept(cache, "d").isEmpty());
}

void ResponseCacheTest::manyQuestionsStayWithinTheBound()
{
    constexpr qint64 bound = 100'000;
    ResponseCache cache({.enabled = true, .maxBytes = bound}, m_clock);
    for (int i = 0; i < 5000; ++i) {
        teach(cache, QByteArray::number(i), QByteArray(1000, 'x'));
        QVERIFY(cache.figures().bytes <= bound);
    }
    const auto figures = cache.figures();
    QVERIFY2(figures.answers > 50 && figures.answers < 100, qPrintable(QString::number(figures.answers)));
    QVERIFY(!kept(cache, "4999").isEmpty());
    QVERIFY(kept(cache, "0").isEmpty());
}

void ResponseCacheTest::tinyAnswersStayWithinTheBound()
{
    ResponseCache cache({.enabled = true, .maxBytes = 100'000}, m_clock);
    for (int i = 0; i < 5000; ++i)
        teach(cache, QByteArray::number(i), "x");
    QVERIFY2(cache.figures().answers < 1000, qPrintable(QString::number(cache.figures().answers)));
}

void ResponseCacheTest::hugeAnswersAreNotKept_data()
{
    QTest::addColumn<int>("bytes");
    QTest::addColumn<int>("answersLeft");
    QTest::newRow("the longest") << 5000 << 2;
    QTest::newRow("too long for one") << 5001 << 1;
    QTest::newRow("too long for all") << 50'000 << 1;
}

void ResponseCacheTest::hugeAnswersAreNotKept()
{
    QFETCH(int, bytes);
    QFETCH(int, answersLeft);
    ResponseCache cache({.enabled = true, .maxBytes = 20'000, .maxAnswerBytes = 5000}, m_clock);
    teach(cache, "small", "x");
    Asker first;
    Asker second;
    first.ask(cache, "q");
    second.ask(cache, "q");
    first.flight->land(answerOf(QByteArray(bytes, 'x')));
    QCOMPARE(cache.figures().answers, answersLeft); // It pushes nobody out, either.
    QTRY_VERIFY(second.answer);                     // Who waited has it nevertheless.
    QCOMPARE(second.answer->body.size(), bytes);
}

void ResponseCacheTest::aNewAnswerTakesThePlaceOfTheOld()
{
    StandingClock clock;
    ResponseCache cache({.enabled = true, .lifetime = 10s}, clock);
    teach(cache, "q", "old");
    clock.time += 10s;
    teach(cache, "q", "new");
    QCOMPARE(kept(cache, "q"), QByteArray("new"));
    QCOMPARE(cache.figures().answers, 1);
    clock.time += 9s;
    QCOMPARE(kept(cache, "q"), QByteArray("new"));
}

void ResponseCacheTest::theSameQuestionWaits()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    std::array<Asker, 3> others;
    first.ask(cache, "q");
    for (Asker &other : others) {
        other.ask(cache, "q");
        QCOMPARE(other.told, 0);
    }
    first.flight->land(answerOf("b"));
    first.flight.reset();
    for (const Asker &other : others) {
        QTRY_COMPARE(other.told, 1);
        QVERIFY(other.answer);
        QCOMPARE(other.answer->body, QByteArray("b"));
    }
    QCOMPARE(first.told, 1);
    QCOMPARE(cache.figures().hits, 3);
    QCOMPARE(cache.figures().misses, 1);
}

void ResponseCacheTest::whoWaitsIsNotAnsweredBeforeItsThreadIsFree()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    Asker second;
    first.ask(cache, "q");
    second.ask(cache, "q");
    first.flight->land(answerOf("b"));
    QCOMPARE(second.told, 0); // Not inside of somebody else's call.
    QTRY_COMPARE(second.told, 1);
}

void ResponseCacheTest::theNextInLineGetsTheDuty()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    Asker second;
    Asker third;
    first.ask(cache, "q");
    second.ask(cache, "q");
    third.ask(cache, "q");
    first.flight.reset();
    QTRY_VERIFY(second.flight);
    QCOMPARE(third.told, 0);
    Asker fourth; // While the duty is the second one's, new ones wait, too.
    fourth.ask(cache, "q");
    QCOMPARE(fourth.told, 0);
    second.flight->land(answerOf("b"));
    QTRY_VERIFY(third.answer);
    QTRY_VERIFY(fourth.answer);
    QCOMPARE(cache.figures().misses, 2);
    QCOMPARE(cache.figures().hits, 2);
}

void ResponseCacheTest::leadersFailOneAfterTheOther()
{
    ResponseCache cache(switchedOn, m_clock);
    std::array<Asker, 20> askers;
    for (Asker &asker : askers)
        asker.ask(cache, "q");
    for (Asker &asker : askers) {
        QTRY_VERIFY(asker.flight);
        asker.flight.reset();
    }
    for (const Asker &asker : askers)
        QCOMPARE(asker.told, 1);
    teach(cache, "q", "b"); // Then the question is as good as new.
    QCOMPARE(kept(cache, "q"), QByteArray("b"));
    QCOMPARE(cache.figures().misses, 21);
}

void ResponseCacheTest::nobodyIsLeft()
{
    ResponseCache cache(switchedOn, m_clock);
    {
        Asker first;
        first.ask(cache, "q");
    }
    Asker second;
    second.ask(cache, "q");
    QVERIFY(second.flight);
}

void ResponseCacheTest::thoseWhoLeftArePassedOver()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    auto second = std::make_unique<Asker>();
    auto third = std::make_unique<Asker>();
    Asker fourth;
    Asker fifth;
    first.ask(cache, "q");
    second->ask(cache, "q");
    third->ask(cache, "q");
    fourth.ask(cache, "q");
    fifth.ask(cache, "q");
    second.reset();
    third.reset();
    first.flight.reset();
    QTRY_VERIFY(fourth.flight);
    fourth.flight->land(answerOf("b"));
    QTRY_VERIFY(fifth.answer);
    QCOMPARE(cache.figures().hits, 1); // An answer that nobody got is none.
    QCOMPARE(cache.figures().misses, 2);
}

void ResponseCacheTest::whoLeavesWithTheDutyOnItsWayPassesItOn()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    auto second = std::make_unique<Asker>();
    Asker third;
    first.ask(cache, "q");
    second->ask(cache, "q");
    third.ask(cache, "q");
    first.flight.reset();
    second.reset(); // The call was posted and is never made.
    QTRY_VERIFY(third.flight);
}

void ResponseCacheTest::aLongLineOfThoseWhoLeft()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    first.ask(cache, "q");
    for (int i = 0; i < 50'000; ++i)
        Asker().ask(cache, "q");
    Asker last;
    last.ask(cache, "q");
    first.flight.reset();
    QTRY_VERIFY(last.flight);
}

void ResponseCacheTest::switchedOffItNeitherKeepsNorWaits()
{
    ResponseCache cache({}, m_clock);
    Asker first;
    Asker second;
    first.ask(cache, "q");
    second.ask(cache, "q");
    QVERIFY(first.flight);
    QVERIFY(second.flight);
    first.flight->land(answerOf("b"));
    QCOMPARE(kept(cache, "q"), QByteArray());
    const auto figures = cache.figures();
    QCOMPARE(figures.hits + figures.misses + figures.answers + figures.bytes, 0);
}

void ResponseCacheTest::switchedOffItForgets()
{
    ResponseCache cache(switchedOn, m_clock);
    teach(cache, "q", "b");
    cache.apply({});
    QCOMPARE(cache.figures().answers, 0);
    QCOMPARE(cache.figures().bytes, 0);
    cache.apply(switchedOn);
    QCOMPARE(kept(cache, "q"), QByteArray());
}

void ResponseCacheTest::clearedItForgets()
{
    SystemClock clock;
    ResponseCache cache(switchedOn, clock);
    teach(cache, "q", "old");
    teach(cache, "r", "old");
    cache.clear();
    QCOMPARE(cache.figures().answers, 0);
    QCOMPARE(cache.figures().bytes, 0);
    QCOMPARE(kept(cache, "q"), QByteArray());
    teach(cache, "q", "new");
    QCOMPARE(kept(cache, "q"), QByteArray("new"));
}

void ResponseCacheTest::whatWasAskedBeforeIsNotKept()
{
    SystemClock clock;
    ResponseCache cache(switchedOn, clock);
    Asker first;
    Asker waits;
    Asker failing;
    first.ask(cache, "q");
    waits.ask(cache, "q");
    failing.ask(cache, "r");
    cache.clear();
    Asker second;
    Asker other;
    second.ask(cache, "q"); // Does not wait for what was asked before.
    other.ask(cache, "r");
    QVERIFY(second.flight);
    QVERIFY(other.flight);
    first.flight->land(answerOf("old"));
    failing.flight.reset();
    QTRY_VERIFY(waits.answer);
    QCOMPARE(waits.answer->body, QByteArray("old"));
    QCOMPARE(cache.figures().answers, 0);
    Asker third;
    Asker more;
    third.ask(cache, "q");
    more.ask(cache, "r");
    QCOMPARE(third.told + more.told, 0); // They wait for the second ones.
    second.flight->land(answerOf("new"));
    other.flight->land(answerOf("too"));
    QTRY_VERIFY(third.answer && more.answer);
    QCOMPARE(third.answer->body, QByteArray("new"));
    QCOMPARE(kept(cache, "q"), QByteArray("new"));
    QCOMPARE(kept(cache, "r"), QByteArray("too"));
}

void ResponseCacheTest::narrowerBoundsHoldAtOnce()
{
    StandingClock clock;
    ResponseCache cache({.enabled = true, .lifetime = 100s}, clock);
    teach(cache, "old", "b");
    clock.time += 50s;
    for (int i = 0; i < 10; ++i)
        teach(cache, QByteArray::number(i), QByteArray(1400, 'x'));
    cache.apply({.enabled = true, .lifetime = 50s});
    QCOMPARE(cache.figures().answers, 10);
    cache.apply({.enabled = true, .lifetime = 50s, .maxBytes = 2 * 2000});
    QCOMPARE(cache.figures().answers, 2);
    QVERIFY(!kept(cache, "9").isEmpty());
}

void ResponseCacheTest::switchingOffStrandsNobody()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    Asker second;
    Asker third;
    first.ask(cache, "q");
    second.ask(cache, "q");
    third.ask(cache, "q");
    cache.apply({});
    first.flight.reset();
    QTRY_VERIFY(second.flight);
    second.flight->land(answerOf("b"));
    QTRY_VERIFY(third.answer);
    QCOMPARE(cache.figures().answers, 0);
}

void ResponseCacheTest::aFlightMayOutliveTheCache()
{
    Asker first;
    Asker second;
    {
        ResponseCache cache(switchedOn, m_clock);
        first.ask(cache, "q");
        second.ask(cache, "q");
    }
    first.flight.reset();
    QTRY_VERIFY(second.flight);
    second.flight->land(answerOf("b"));
}

void ResponseCacheTest::landingTwiceCountsOnce()
{
    ResponseCache cache(switchedOn, m_clock);
    Asker first;
    first.ask(cache, "q");
    first.flight->land(answerOf("b"));
    first.flight->land(answerOf("c"));
    first.flight.reset();
    QCOMPARE(kept(cache, "q"), QByteArray("b"));
}

QTEST_GUILESS_MAIN(ResponseCacheTest)
#include "tst_response_cache.moc"

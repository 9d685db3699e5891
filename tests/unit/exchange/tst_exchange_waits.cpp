// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/exchange/routed_house.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

/// How requests wait for a place, and what they find when the routes change meanwhile.
class ExchangeWaitsTest : public RoutedHouse
{
    Q_OBJECT
private Q_SLOTS:
    void init() { open(); }
    void cleanup() { close(); }

    void requestsWaitForAPlaceAndLeaveTheQueue();
    void aPlaceThatComesAfterTheDeadlineIsGivenBack();
    void waitsOfOneRequestAddUp();
    void callersWithoutAKeyWaitTogetherWhereTheyAreLimitedTogether();
    void membersThatComeAnswerWhoAskedThoseThatWent_data();
    void membersThatComeAnswerWhoAskedThoseThatWent();
    void aRouteThatIsRemovedEndsInAnError();
    void changesWithoutEndEndInAnError();
};

void ExchangeWaitsTest::requestsWaitForAPlaceAndLeaveTheQueue()
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

void ExchangeWaitsTest::aPlaceThatComesAfterTheDeadlineIsGivenBack()
{
    fillPool();
    const QByteArray failing = busy();
    const auto failed = std::ranges::find_if(
        m_asked, [&](const auto &asked) { return asked->ticket.record().inference->route == failing; });
    tell(failing, AnswerFailed{broken});
    QTRY_COMPARE((*failed)->queued, 1); // For the others.
    m_clock.time += m_settings.routes.first().timeouts.total;
    answer(busy());
    QTRY_VERIFY((*failed)->failure());
    QCOMPARE((*failed)->failure()->upstreamStatus, 500);
    answer(busy());
    QVERIFY(busy().isEmpty());
    for (const char *key : {"one", "two", "three"})
        QCOMPARE(at(key).asked.size(), 1);
}

void ExchangeWaitsTest::waitsOfOneRequestAddUp()
{
    for (RouteSettings &route : m_settings.routes)
        route.queueTimeout = 1h;
    fillPool();
    Asked &asked = ask("small");
    QTRY_COMPARE(asked.queued, 1);
    m_clock.time += 1h;
    const QByteArray first = busy();
    answer(first);
    QTRY_COMPARE(at(first).asked.size(), 2); // It was served before its patience ended.
    tell(first, AnswerFailed{refused});
    QTRY_VERIFY(asked.failure()); // The others are full, and it may wait no longer.
    QCOMPARE(asked.failure()->code, ErrorCode::Overloaded);
    QVERIFY(asked.failure()->retryAfter);
    for (const char *key : {"one", "two", "three"}) {
        if (key != first)
            answer(key);
    }
}

void ExchangeWaitsTest::callersWithoutAKeyWaitTogetherWhereTheyAreLimitedTogether()
{
    m_settings.routes.last().maxConcurrent = 1;
    m_client.caller.keyId = anonymousCallerId.toByteArray();
    ask("big");
    for (const char *address : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) {
        m_client.address = QHostAddress(QString::fromLatin1(address));
        ask("big");
    }
    for (const char *address : {"192.0.2.1", "::ffff:192.0.2.1"}) {
        m_client.address = QHostAddress(QString::fromLatin1(address));
        ask("big");
    }
    m_client.address = QHostAddress(QStringLiteral("2001:db8:0:1::1"));
    Asked &other = ask("big");
    QCOMPARE(other.exchange->placeInQueue(), 3);          // One of each network, and itself.
    QCOMPARE(m_asked.at(5)->exchange->placeInQueue(), 5); // Two turns of its own, two of the first, one.
    m_asked.at(0)->exchange.reset();
    m_asked.clear();
    m_journal.records.clear();
}

void ExchangeWaitsTest::membersThatComeAnswerWhoAskedThoseThatWent_data()
{
    QTest::addColumn<bool>("waits");
    QTest::newRow("asked while they change") << false;
    QTest::newRow("waited for the old ones") << true;
}

void ExchangeWaitsTest::membersThatComeAnswerWhoAskedThoseThatWent()
{
    QFETCH(bool, waits);
    fillPool();
    const auto group = m_directory->current()->groups.first();
    if (waits)
        ask("small");
    group->configure({{.key = "four"}}, {}); // In another thread, apply() has come so far.
    if (!waits)
        ask("small");
    Asked &asked = *m_asked.back();
    for (const char *key : {"one", "two", "three"})
        answer(key);
    m_settings.routes.clear();
    addRoute("four", "small", "pool");
    m_directory->apply(std::make_shared<const Settings>(m_settings));
    QTRY_COMPARE(busy(), QByteArray("four"));
    QCOMPARE(m_directory->current()->groups.first(), group);
    answer("four");
    QVERIFY(std::holds_alternative<AnswerCompleted>(asked.seen.last()));
    QCOMPARE(m_journal.records.last().inference->route, QByteArray("four"));
}

void ExchangeWaitsTest::aRouteThatIsRemovedEndsInAnError()
{
    m_settings.routes.last().maxConcurrent = 1;
    ask("big");
    Asked &asked = ask("big");
    QTRY_COMPARE(asked.queued, 1);
    m_settings.routes.removeLast();
    m_directory->apply(std::make_shared<const Settings>(m_settings));
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::ModelNotFound);
    tell("far", AnswerCompleted{}); // What runs goes on.
    QVERIFY(std::holds_alternative<AnswerCompleted>(m_asked.front()->seen.last()));
}

void ExchangeWaitsTest::changesWithoutEndEndInAnError()
{
    build();
    m_directory->current()->groups.last()->configure({}, {}); // And apply() never gets any further.
    Asked &asked = ask("big");
    QTRY_VERIFY(asked.failure());
    QCOMPARE(asked.failure()->code, ErrorCode::UpstreamUnreachable);
    QCOMPARE(asked.failure()->reason, routeRemoved.toByteArray());
    QVERIFY(at("far").asked.isEmpty());
}

QTEST_GUILESS_MAIN(ExchangeWaitsTest)
#include "tst_exchange_waits.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/exchange/recording_journal.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class TicketTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void settlesOnceWhenAnswered()
    {
        {
            Ticket ticket(m_journal, m_clock, {.requestId = "r1", .start = m_clock.now()});
            m_clock.time += 5ms;
            ticket.answered();
            m_clock.time += 5ms;
            ticket.answered();
            ticket.failed({.code = ErrorCode::Internal, .message = {}});
            QVERIFY(ticket.isSettled());
        }
        QCOMPARE(m_journal.begun, 1);
        QCOMPARE(m_journal.records.size(), 1);
        QVERIFY(m_journal.records[0].outcome == Outcome::Answered);
        QVERIFY(m_journal.records[0].end - m_journal.records[0].start == 5ms);
    }

    void settlesAsAbandonedWhenDropped()
    {
        {
            Ticket ticket(m_journal, m_clock, {.requestId = "r1"});
        }
        QCOMPARE(m_journal.records.size(), 1);
        QVERIFY(m_journal.records[0].outcome == Outcome::Abandoned);
    }

    void movesItsDuty()
    {
        {
            Ticket first(m_journal, m_clock, {.requestId = "r1"});
            Ticket second(std::move(first));
            second.failed({.code = ErrorCode::UpstreamFailed, .message = QStringLiteral("x")});
        }
        QCOMPARE(m_journal.begun, 1);
        QCOMPARE(m_journal.records.size(), 1);
        QVERIFY(m_journal.records[0].outcome == Outcome::Failed);
        QVERIFY(m_journal.records[0].error->code == ErrorCode::UpstreamFailed);
    }

    void init() { m_journal = {}; }

private:
    RecordingJournal m_journal;
    StandingClock m_clock;
};

QTEST_GUILESS_MAIN(TicketTest)
#include "tst_ticket.moc"

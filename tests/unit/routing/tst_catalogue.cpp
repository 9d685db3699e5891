// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_backend.h"
#include "routing/catalogue.h"

#include <QSignalSpy>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestCatalogue : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_backend.reset(); // The catalogue outlives it.
        m_catalogue = std::make_unique<Catalogue>(m_clock);
        m_backend = std::make_unique<FakeBackend>();
    }

    void aFreshEntryIsNotAskedAgainButByAProbe()
    {
        QVERIFY(m_catalogue->refresh("a", *m_backend));
        m_backend->answer(modelsNamed({"one"}));
        QVERIFY(!m_catalogue->refresh("a", *m_backend));
        QCOMPARE(m_backend->questions(), size_t(1));
        m_catalogue->probe("a", *m_backend);
        QCOMPARE(m_backend->questions(), size_t(2));
        m_backend->answer(modelsNamed({"two"}));
        QVERIFY(entry()->find("two"));
        QVERIFY(!entry()->find("one"));
    }

    void nobodyAsksTwiceAtOnce()
    {
        m_catalogue->probe("a", *m_backend);
        m_catalogue->probe("a", *m_backend);
        QVERIFY(m_catalogue->refresh("a", *m_backend)); // renewed() will tell.
        QCOMPARE(m_backend->questions(), size_t(1));
        m_catalogue->probe("b", *m_backend);
        QCOMPARE(m_backend->questions(), size_t(2));
    }

    void aFailureKeepsTheList()
    {
        m_catalogue->probe("a", *m_backend);
        m_clock.turn(25ms);
        m_backend->answer(modelsNamed({"one"}));
        m_catalogue->probe("a", *m_backend);
        m_clock.turn(99ms);
        m_backend->answer(Error{.code = ErrorCode::UpstreamTimeout});
        QVERIFY(entry()->listed);
        QVERIFY(entry()->find("one"));
        QCOMPARE(entry()->latency, 25ms);
        QCOMPARE(entry()->failure->code, ErrorCode::UpstreamTimeout);
        QCOMPARE(entry()->asked, m_clock.now());
    }

    void aQuestionWithoutAnAnswerChangesNothing()
    {
        QSignalSpy renewed(m_catalogue.get(), &Catalogue::renewed);
        m_catalogue->probe("a", *m_backend);
        m_backend->forget();
        QCOMPARE(renewed.size(), 1); // Who waits must hear of it.
        QVERIFY(!entry());
        m_catalogue->probe("a", *m_backend);
        m_backend->answer(modelsNamed({"one"}));
        const auto before = entry();
        m_clock.turn(1h);
        m_catalogue->probe("a", *m_backend);
        m_backend.reset(); // The lane ends.
        QCOMPARE(renewed.size(), 3);
        QCOMPARE(entry(), before);
        FakeBackend other;
        QVERIFY(m_catalogue->refresh("a", other));
        QCOMPARE(other.questions(), size_t(1));
    }

    void whatIsForgottenIsAskedAnewAndOldAnswersDoNotCount()
    {
        QSignalSpy renewed(m_catalogue.get(), &Catalogue::renewed);
        m_catalogue->probe("a", *m_backend);
        m_backend->answer(modelsNamed({"old"}));
        m_catalogue->probe("a", *m_backend);
        m_catalogue->forget("a");
        QVERIFY(!entry());
        QCOMPARE(renewed.size(), 2); // Who waits must ask again.
        FakeBackend other;
        QVERIFY(m_catalogue->refresh("a", other));
        QCOMPARE(other.questions(), size_t(1));
        m_backend->answer(modelsNamed({"old"}));
        QVERIFY(!entry());
        QCOMPARE(renewed.size(), 2);
        QVERIFY(m_catalogue->refresh("a", other)); // The new question is still under way.
        QCOMPARE(other.questions(), size_t(1));
        other.answer(modelsNamed({"new"}));
        QVERIFY(entry()->find("new"));
        QCOMPARE(renewed.size(), 3);
    }

    void anOldQuestionThatEndsDoesNotEndTheNewOne()
    {
        m_catalogue->probe("a", *m_backend);
        m_catalogue->forget("a");
        FakeBackend other;
        m_catalogue->probe("a", other);
        m_backend->forget();
        m_catalogue->probe("a", other);
        QCOMPARE(other.questions(), size_t(1));
    }

    void whatWasNeverKnownIsForgottenInSilence()
    {
        QSignalSpy renewed(m_catalogue.get(), &Catalogue::renewed);
        m_catalogue->forget("nowhere");
        QCOMPARE(renewed.size(), 0);
    }

private:
    [[nodiscard]] std::shared_ptr<const CatalogueEntry> entry() const
    {
        return m_catalogue->entries()->value("a");
    }

    TurnedClock m_clock;
    std::unique_ptr<Catalogue> m_catalogue;
    std::unique_ptr<FakeBackend> m_backend;
};

QTEST_GUILESS_MAIN(TestCatalogue)
#include "tst_catalogue.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "asker.h"
#include "fakes/fake_upstream.h"
#include "routes_toml.h"

#include <QTest>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// An upstream that says when it may be asked again isn't asked before.
class PoolsBusyTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void leavesAMemberAlone();
    void passesARefusalOn_data();
    void passesARefusalOn();

private:
    [[nodiscard]] static int asked(const FakeUpstream &upstream, const QByteArray &model = "m");

    FakeUpstream m_busy{{}, FakeUpstream::Runs::InOwnThread};
    FakeUpstream m_idle{{}, FakeUpstream::Runs::InOwnThread};
};

void PoolsBusyTest::init()
{
    m_busy.setDefaults(behave("tokens=4"));
    m_busy.forget();
    m_idle.forget();
}

int PoolsBusyTest::asked(const FakeUpstream &upstream, const QByteArray &model)
{
    const QList<fakes::SeenRequest> requests = upstream.requests();
    return int(std::count_if(requests.begin(), requests.end(), [&model](const auto &seen) {
        return seen.request.body.contains("\"model\":\"" + model + '"');
    }));
}

void PoolsBusyTest::leavesAMemberAlone()
{
    const QByteArray models = R"(["m","n"])";
    GatehouseProcess gatehouse(
        {}, configArguments(),
        configFile(configured(
            {{.key = "busy",
              .url = m_busy.openAiUrl(),
              .more = "pool = \"boxes\"\nweight = 1000",
              .models = models},
             {.key = "idle", .url = m_idle.openAiUrl(), .more = "pool = \"boxes\"", .models = models}})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const Asker asker(gatehouse.port());
    m_busy.answerNext(behave("status=429,retry_after=2"));
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i)
        QVERIFY(asker.chat().isComplete);
    QVERIFY2(std::chrono::steady_clock::now() - began < std::chrono::seconds(2), "too slow to tell");
    QCOMPARE(asked(m_busy), 1);
    QCOMPARE(asked(m_idle), 6);
    QVERIFY(asker.chat({.model = "n"}).isComplete); // For another model it said nothing.
    QCOMPARE(asked(m_busy, "n"), 1);
    const auto isAskedAgain = [&] {
        return asker.chat().isComplete && asked(m_busy) > 1;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isAskedAgain(), 5000);
    QVERIFY(std::chrono::steady_clock::now() - began > std::chrono::milliseconds(1900));
}

void PoolsBusyTest::passesARefusalOn_data()
{
    QTest::addColumn<QByteArray>("refusal");
    QTest::addColumn<int>("status");
    QTest::newRow("429") << QByteArray("status=429,retry_after=2") << 429;
    QTest::newRow("503") << QByteArray("status=503,retry_after=2") << 502;
}

void PoolsBusyTest::passesARefusalOn()
{
    QFETCH(const QByteArray, refusal);
    QFETCH(const int, status);
    GatehouseProcess gatehouse({}, configArguments(),
                               configFile(configured({{.key = "busy", .url = m_busy.openAiUrl()}})));
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const Asker asker(gatehouse.port());
    m_busy.answerNext(behave(refusal));
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) {
        const ToldAnswer told = asker.chat({.stream = i % 2 == 1});
        QCOMPARE(told.status, status);
        const int retryAfter = told.headers.value("retry-after").toInt();
        QVERIFY2(retryAfter == 2 || (i > 0 && retryAfter == 1), QByteArray::number(retryAfter));
        // What the upstream said is for the one who asked it.
        const QString message = told.error[u"message"].toString();
        QVERIFY2(message.contains(i == 0 ? QStringLiteral("the fake upstream answers")
                                         : QString::fromUtf8(refusal.sliced(7, 3))),
                 qPrintable(message));
    }
    QVERIFY2(std::chrono::steady_clock::now() - began < std::chrono::seconds(2), "too slow to tell");
    QCOMPARE(asked(m_busy), 1);
    QVERIFY(QTest::qWaitFor([&asker] { return asker.chat().status == 200; }, 5000));
    QCOMPARE(asked(m_busy), 2);
    QVERIFY(std::chrono::steady_clock::now() - began > std::chrono::milliseconds(1900));
}

QTEST_GUILESS_MAIN(PoolsBusyTest)
#include "tst_pools_busy.moc"

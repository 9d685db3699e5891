// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTest>

#include <csignal>

using namespace gatehouse;
using fakes::behave;

namespace {

const QByteArray streamRequest =
    RawClient::post("/v1/chat/completions",
                    R"({"model":"fake","stream":true,"messages":[{"role":"user","content":"Hello!"}]})");

} // namespace

/// SIGTERM: nothing new, everything old to its end, within bounds.
class ProgramDrainTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void finishesRunningAnswers();
    void tellsAnswersThatTakeTooLong();
    void endsAtOnceWhenIdle();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
};

void ProgramDrainTest::finishesRunningAnswers()
{
    m_upstream.setDefaults(behave("tokens=60,interval=10"));
    GatehouseProcess gatehouse({m_route});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient running(gatehouse.port());
    RawClient idle(gatehouse.port());
    QVERIFY(idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    QVERIFY(idle.readUntil("{\"status\":\"ok\"}"));
    QVERIFY(running.send(streamRequest));
    QVERIFY(running.readUntil("w2 "));
    gatehouse.signal(SIGTERM);
    QVERIFY(idle.readUntilClosed());
    QVERIFY(!RawClient(gatehouse.port()).isConnected());
    QVERIFY(running.readUntil("data: [DONE]"));
    QVERIFY(gatehouse.process().waitForFinished(5000));
    QCOMPARE(gatehouse.process().exitCode(), 0);
}

void ProgramDrainTest::tellsAnswersThatTakeTooLong()
{
    m_upstream.setDefaults(behave("tokens=9,fault=stall@3"));
    GatehouseProcess gatehouse({m_route, QStringLiteral("DRAIN_SECONDS=1")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient running(gatehouse.port());
    QVERIFY(running.send(streamRequest));
    QVERIFY(running.readUntil("w2 "));
    gatehouse.signal(SIGTERM);
    QVERIFY(running.readUntilClosed());
    QVERIFY(running.received().contains("data: {\"error\":{"));
    QVERIFY(!running.received().contains("[DONE]"));
    QVERIFY(gatehouse.process().waitForFinished(5000));
    QCOMPARE(gatehouse.process().exitCode(), 0);
    QCOMPARE(gatehouse.requestLines(QStringLiteral("/v1/chat/completions")).size(), 1);
}

void ProgramDrainTest::endsAtOnceWhenIdle()
{
    GatehouseProcess gatehouse({m_route});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    gatehouse.signal(SIGTERM);
    QVERIFY(gatehouse.process().waitForFinished(2000));
    QCOMPARE(gatehouse.process().exitCode(), 0);
}

QTEST_GUILESS_MAIN(ProgramDrainTest)
#include "tst_program_drain.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "integration/program/gatehouse_process.h"

#include <QTest>

using namespace gatehouse;
using fakes::FakeUpstream;

/// `gatehouse doctor` from the outside: what it prints where, and how it exits.
class ProgramDoctorTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void usableRoutes();
    void oneIsNot();
    void oneByItsName();
    void mistakesStopIt();
    void builtInModel();

private:
    FakeUpstream m_upstream{{}, FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
    /// Of a port below all that are ever given out.
    QString m_deadRoute = QStringLiteral("MODEL_ROUTE_DEAD=http://127.0.0.1:1/v1");
};

void ProgramDoctorTest::usableRoutes()
{
    const GatehouseProcess gatehouse({m_route});
    const GatehouseProcess::Ran ran = gatehouse.run({QStringLiteral("doctor")});
    QVERIFY2(ran.out.startsWith("route box: openai, \"http://127.0.0.1:"), ran.out + ran.err);
    QVERIFY2(ran.out.endsWith("1 of 1 route(s) usable.\n"), ran.out);
    QCOMPARE(ran.exitCode, 0);
    QCOMPARE(ran.err, QByteArray());
}

void ProgramDoctorTest::oneIsNot()
{
    const GatehouseProcess gatehouse({m_route, m_deadRoute});
    const GatehouseProcess::Ran ran = gatehouse.run({QStringLiteral("doctor")});
    QVERIFY2(ran.out.contains("Nothing listens on 127.0.0.1:1."), ran.out + ran.err);
    QVERIFY2(ran.out.endsWith("1 of 2 route(s) usable.\n"), ran.out);
    QCOMPARE(ran.exitCode, 1);
}

void ProgramDoctorTest::oneByItsName()
{
    const GatehouseProcess gatehouse({m_route, m_deadRoute});
    QCOMPARE(gatehouse.run({QStringLiteral("doctor"), QStringLiteral("box")}).exitCode, 0);
    QCOMPARE(gatehouse.run({QStringLiteral("doctor"), QStringLiteral("dead")}).exitCode, 1);
    QCOMPARE(gatehouse.run({QStringLiteral("doctor"), QStringLiteral("nobody")}).exitCode, 2);
}

void ProgramDoctorTest::mistakesStopIt()
{
    m_upstream.forget();
    const GatehouseProcess gatehouse({m_route, QStringLiteral("GATEHOUSE_SERVER_PORT=many")});
    const GatehouseProcess::Ran ran = gatehouse.run({QStringLiteral("doctor")});
    QVERIFY2(ran.out.contains("error: environment: GATEHOUSE_SERVER_PORT"), ran.out + ran.err);
    QCOMPARE(ran.exitCode, 2);
    QVERIFY(m_upstream.requests().isEmpty());
}

void ProgramDoctorTest::builtInModel()
{
#ifndef HAS_ENGINE
    QSKIP("built without the engine");
#endif
    const GatehouseProcess gatehouse;
    const GatehouseProcess::Ran ran = gatehouse.run({QStringLiteral("doctor")});
    QVERIFY2(ran.out.startsWith("route local: local, the built-in demo model\n"), ran.out + ran.err);
    QVERIFY2(ran.out.contains("\"gatehouse-demo\" answered after "), ran.out + ran.err);
    QCOMPARE(ran.exitCode, 0);
}

QTEST_GUILESS_MAIN(ProgramDoctorTest)
#include "tst_program_doctor.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTcpServer>
#include <QTest>

/// How the program begins, and how it refuses to.
class ProgramStartTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void saysWhereItListens()
    {
        GatehouseProcess gatehouse({QStringLiteral("MODEL_ROUTE_BOX=http://127.0.0.1:9/v1")});
        QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
        QCOMPARE(gatehouse.url().host(), QStringLiteral("127.0.0.1"));
        RawClient client(gatehouse.port());
        QVERIFY(client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        QVERIFY(client.readUntil("{\"status\":\"ok\"}"));
    }

    void takesAnIpv6Address()
    {
        GatehouseProcess gatehouse({QStringLiteral("MODEL_ROUTE_BOX=http://127.0.0.1:9/v1")},
                                   {QStringLiteral("--host"), QStringLiteral("::1")});
        if (!gatehouse.start())
            QSKIP("this machine has no IPv6 loopback");
        QCOMPARE(gatehouse.url().host(), QStringLiteral("::1"));
    }

    void refusesBadConfiguration()
    {
        GatehouseProcess gatehouse({QStringLiteral("GATEHOUSE_SERVER_LANES=many")});
        QVERIFY(!gatehouse.start());
        QTRY_COMPARE(gatehouse.process().state(), QProcess::NotRunning);
        QCOMPARE(gatehouse.process().exitCode(), 2);
        QVERIFY(gatehouse.why().contains(QStringLiteral("GATEHOUSE_SERVER_LANES")));
    }

    void failsWhenThePortIsTaken()
    {
        QTcpServer taken;
        QVERIFY(taken.listen(QHostAddress::LocalHost));
        GatehouseProcess gatehouse({QStringLiteral("MODEL_ROUTE_BOX=http://127.0.0.1:9/v1")},
                                   {QStringLiteral("--port"), QString::number(taken.serverPort())});
        QVERIFY(!gatehouse.start());
        QTRY_COMPARE(gatehouse.process().state(), QProcess::NotRunning);
        QCOMPARE(gatehouse.process().exitCode(), 1);
        QVERIFY(gatehouse.why().contains(QStringLiteral("start failed")));
    }
};

QTEST_GUILESS_MAIN(ProgramStartTest)
#include "tst_program_start.moc"

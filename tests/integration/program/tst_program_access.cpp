// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTest>

using namespace gatehouse;

/// Who may ask, as far as one static key goes.
class ProgramAccessTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void asksForTheKey_data();
    void asksForTheKey();
    void keepsSecretsOutOfTheLog();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
};

void ProgramAccessTest::asksForTheKey_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<QByteArray>("status");
    const QByteArray get = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n";
    QTest::newRow("none") << get << QByteArray("401");
    QTest::newRow("wrong") << get + "Authorization: Bearer s3cret-key-x\r\n" << QByteArray("401");
    QTest::newRow("bearer") << get + "Authorization: Bearer s3cret-key\r\n" << QByteArray("200");
    QTest::newRow("x-api-key") << get + "x-api-key: s3cret-key\r\n" << QByteArray("200");
    QTest::newRow("health needs none")
        << QByteArray("GET /healthz HTTP/1.1\r\nHost: localhost\r\n") << QByteArray("200");
    QTest::newRow("metrics need it") << QByteArray("GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
                                     << QByteArray("401");
}

void ProgramAccessTest::asksForTheKey()
{
    QFETCH(QByteArray, request);
    QFETCH(QByteArray, status);
    GatehouseProcess gatehouse({m_route, QStringLiteral("API_KEY=s3cret-key")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(request + "\r\n"));
    QVERIFY(client.readUntil("\r\n\r\n"));
    QVERIFY2(client.received().startsWith("HTTP/1.1 " + status), client.received().constData());
}

void ProgramAccessTest::keepsSecretsOutOfTheLog()
{
    GatehouseProcess gatehouse(
        {m_route, QStringLiteral("API_KEY=s3cret-key"), QStringLiteral("LOG_LEVEL=debug")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(RawClient::post("/v1/chat/completions",
                                        R"({"messages":[{"role":"user","content":"a very private thing"}]})",
                                        "Authorization: Bearer s3cret-key\r\n")));
    QVERIFY(client.readUntil("\"usage\""));
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/chat/completions"), 1));
    QVERIFY(!gatehouse.why().contains(QStringLiteral("s3cret")));
    QVERIFY(!gatehouse.why().contains(QStringLiteral("private")));
}

QTEST_GUILESS_MAIN(ProgramAccessTest)
#include "tst_program_access.moc"

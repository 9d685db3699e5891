// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTest>

/// What web pages may read.
class ProgramCorsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void letsAllowedOriginsRead_data();
    void letsAllowedOriginsRead();
    void answersPreflightsWithoutAKey();
    void refusesAnUntypedBodyFromAPage();

private:
    [[nodiscard]] static QByteArray ask(const GatehouseProcess &gatehouse, const QByteArray &request);

    const QString m_route = QStringLiteral("MODEL_ROUTE_BOX=http://127.0.0.1:9/v1");
};

QByteArray ProgramCorsTest::ask(const GatehouseProcess &gatehouse, const QByteArray &request)
{
    RawClient client(gatehouse.port());
    client.send(request);
    client.readUntilClosed();
    return client.received();
}

void ProgramCorsTest::letsAllowedOriginsRead_data()
{
    QTest::addColumn<QString>("allowed");
    QTest::addColumn<QByteArray>("origin");
    QTest::addColumn<QByteArray>("answered"); // Empty: not allowed.
    QTest::newRow("listed") << QStringLiteral("https://a.example,https://b.example")
                            << QByteArray("https://b.example") << QByteArray("https://b.example");
    QTest::newRow("not listed") << QStringLiteral("https://a.example") << QByteArray("https://evil.example")
                                << QByteArray();
    QTest::newRow("a prefix") << QStringLiteral("https://a.example") << QByteArray("https://a.example.evil")
                              << QByteArray();
    QTest::newRow("anybody") << QStringLiteral("*") << QByteArray("https://evil.example") << QByteArray("*");
    QTest::newRow("nothing set") << QString() << QByteArray("https://a.example") << QByteArray();
}

void ProgramCorsTest::letsAllowedOriginsRead()
{
    QFETCH(QString, allowed);
    QFETCH(QByteArray, origin);
    QFETCH(QByteArray, answered);
    QStringList environment{m_route};
    if (!allowed.isEmpty())
        environment << QStringLiteral("ALLOW_ORIGINS=") + allowed;
    GatehouseProcess gatehouse(environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    // Errors, too: a page that can't read them can't show them.
    for (const char *path : {"/healthz", "/nowhere"}) {
        const QByteArray answer =
            ask(gatehouse, "GET " + QByteArray(path) +
                               " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: " + origin +
                               "\r\n\r\n");
        if (answered.isEmpty())
            QVERIFY2(!answer.contains("Access-Control"), answer.constData());
        else
            QVERIFY2(answer.contains("Access-Control-Allow-Origin: " + answered + "\r\n"),
                     answer.constData());
        const qsizetype exposed = answer.indexOf("Access-Control-Expose-Headers: ");
        const QByteArray fields =
            exposed < 0 ? QByteArray() : answer.mid(exposed, answer.indexOf('\r', exposed) - exposed);
        for (const char *field : {"x-request-id", "x-cache", "content-disposition"})
            QCOMPARE(fields.contains(field), !answered.isEmpty());
        QCOMPARE(answer.contains("Access-Control-Allow-Credentials"), !answered.isEmpty() && answered != "*");
    }
}

void ProgramCorsTest::answersPreflightsWithoutAKey()
{
    GatehouseProcess gatehouse(
        {m_route, QStringLiteral("API_KEY=s3cret-key"), QStringLiteral("ALLOW_ORIGINS=https://a.example")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const QByteArray answer =
        ask(gatehouse, "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
                       "Access-Control-Request-Headers: authorization, x-stainless-os\r\n\r\n");
    QVERIFY2(answer.startsWith("HTTP/1.1 204"), answer.constData());
    for (const char *field :
         {"Access-Control-Allow-Origin: https://a.example", "Access-Control-Allow-Methods: POST, OPTIONS",
          "Access-Control-Allow-Headers: authorization, x-stainless-os"})
        QVERIFY2(answer.contains(field), answer.constData());
}

void ProgramCorsTest::refusesAnUntypedBodyFromAPage()
{
    GatehouseProcess gatehouse({m_route});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    // Such a request needs no preflight, so any page could send it to a program on this machine.
    const QByteArray answer =
        ask(gatehouse, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Origin: https://evil.example\r\nContent-Length: 2\r\n\r\n{}");
    QVERIFY2(answer.startsWith("HTTP/1.1 415"), answer.constData());
}

QTEST_GUILESS_MAIN(ProgramCorsTest)
#include "tst_program_cors.moc"

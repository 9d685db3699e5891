// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QFile>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTest>

/// Nothing configured: the built-in model answers, as the README shows.
class ProgramDemoTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void answersAsTheReadmeShows();
    void becomesReady();
    void stopsTheEngineWhenTheClientGoes();
};

namespace {

/// What differs from answer to answer.
QString withoutIdentity(QString text)
{
    static const QRegularExpression identity(QStringLiteral(R"("id":"[^"]*"|"created":\d+)"));
    return text.replace(identity, QStringLiteral("*")).trimmed();
}

/// The first fenced block after the marker.
QString shownInReadme()
{
    QFile readme(QStringLiteral(GATEHOUSE_README));
    if (!readme.open(QIODevice::ReadOnly))
        return {};
    const QString text = QString::fromUtf8(readme.readAll());
    return text.section(QStringLiteral("<!-- first answer"), 1).section(QStringLiteral("```"), 1, 1);
}

/// The body of a chunked answer that has ended.
QByteArray dechunked(QByteArray bytes)
{
    bytes = bytes.mid(bytes.indexOf("\r\n\r\n") + 4);
    QByteArray body;
    for (;;) {
        const auto lineEnd = bytes.indexOf("\r\n");
        const auto size = bytes.left(lineEnd).toLongLong(nullptr, 16);
        if (lineEnd < 0 || size == 0)
            return body;
        body += bytes.mid(lineEnd + 2, size);
        bytes = bytes.mid(lineEnd + 2 + size + 2);
    }
}

} // namespace

void ProgramDemoTest::answersAsTheReadmeShows()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient client(gatehouse.port());
    QVERIFY(client.send(RawClient::post(
        "/v1/chat/completions", R"({"messages":[{"role":"user","content":"Hello!"}],"stream":true})")));
    QVERIFY(client.readUntil("data: [DONE]\n\n\r\n0\r\n\r\n"));
    QCOMPARE(withoutIdentity(QString::fromUtf8(dechunked(client.received()))),
             withoutIdentity(shownInReadme()));
}

void ProgramDemoTest::becomesReady()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QTRY_VERIFY([&] {
        RawClient client(gatehouse.port());
        client.send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client.readUntilClosed();
        return client.received().startsWith("HTTP/1.1 200") &&
               client.received().endsWith(R"({"status":"ready"})");
    }());
}

void ProgramDemoTest::stopsTheEngineWhenTheClientGoes()
{
    GatehouseProcess gatehouse;
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const auto ask = [](int maxTokens) {
        return RawClient::post("/v1/completions",
                               R"({"prompt":"Once","stream":true,"ignore_eos":true,"max_tokens":)" +
                                   QByteArray::number(maxTokens) + "}");
    };
    // One model, one sequence: the next one gets its turn only when the first has let go.
    for (int i = 0; i < 20; ++i) {
        RawClient client(gatehouse.port());
        QVERIFY(client.send(ask(900)));
        client.readUntil("data: ", 2000);
        client.close();
    }
    RawClient last(gatehouse.port());
    QVERIFY(last.send(ask(3)));
    QVERIFY(last.readUntil("data: [DONE]"));
    QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/completions"), 21));
    QCOMPARE(gatehouse.requestLines(QStringLiteral("/v1/completions")).size(), 21);
}

QTEST_GUILESS_MAIN(ProgramDemoTest)
#include "tst_program_demo.moc"

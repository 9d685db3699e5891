// SPDX-License-Identifier: GPL-3.0-or-later
#include "examination.h"
#include "raw_upstream.h"

#include <QTest>

using namespace gatehouse;
using test::Examination;
using test::examine;
using test::routeTo;

/// Where the doctor does not even reach the server.
class DoctorWayTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void refusedSaysWhatToStart();
    void refusedByAnotherMachineSpeaksOfItsAddress();
    void unknownNameIsTold();
    void aNameIsShownWithItsAddresses();
    void silentServerEndsInTime();
    void plainServerUnderHttps();

private:
    /// Of a port that nothing listens on.
    static QUrl deadUrl(const char *path)
    {
        RawUpstream upstream([](QTcpSocket &, const RawRequest &) {});
        return upstream.url(path);
    }
};

void DoctorWayTest::refusedSaysWhatToStart()
{
    const Examination openAi = examine(routeTo(deadUrl("/v1")));
    QCOMPARE(openAi.exitCode, int(ExitFailure));
    QVERIFY2(
        openAi.finding("connection", "failed").startsWith(QStringLiteral("Nothing listens on 127.0.0.1:")),
        qPrintable(openAi.text));
    QVERIFY(!openAi.says("ollama"));
    QVERIFY(openAi.says("  not usable\n"));
    QVERIFY(openAi.says("0 of 1 route"));
    QVERIFY(openAi.finding("models", "failed").isEmpty()); // It makes no sense to go on.

    const Examination ollama = examine(routeTo(deadUrl(""), RouteKind::Ollama));
    QVERIFY2(ollama.finding("connection", "failed").contains(QStringLiteral("\"ollama serve\" starts it")),
             qPrintable(ollama.text));
    QVERIFY(!ollama.says("OLLAMA_HOST")); // Which would not help on this machine.
}

void DoctorWayTest::refusedByAnotherMachineSpeaksOfItsAddress()
{
    QUrl url = deadUrl("");
    url.setHost(QStringLiteral("0.0.0.0")); // Linux connects to itself; the doctor takes it for another one.
    const Examination examination = examine(routeTo(url, RouteKind::Ollama));
    QVERIFY2(examination.finding("connection", "failed").contains(QStringLiteral("OLLAMA_HOST=0.0.0.0")),
             qPrintable(examination.text));
}

void DoctorWayTest::unknownNameIsTold()
{
    const Examination examination =
        examine(routeTo(QUrl(QStringLiteral("http://no-such-box.invalid:8080/v1"))));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    const QString finding = examination.finding("name", "failed");
    QVERIFY2(finding.contains(QStringLiteral("\"no-such-box.invalid\"")), qPrintable(examination.text));
    QVERIFY(finding.contains(QStringLiteral("DNS")));
    QVERIFY(!examination.says("connection"));
}

void DoctorWayTest::aNameIsShownWithItsAddresses()
{
    QUrl url = deadUrl("/v1");
    url.setHost(QStringLiteral("localhost"));
    const Examination examination = examine(routeTo(url));
    QVERIFY2(examination.finding("name", "ok").contains(QStringLiteral("127.0.0.1")),
             qPrintable(examination.text));
    QVERIFY(!examination.finding("connection", "failed").isEmpty());
}

void DoctorWayTest::silentServerEndsInTime()
{
    RawUpstream upstream([](QTcpSocket &, const RawRequest &) {});
    const Examination examination = examine(routeTo(upstream.url("/v1")));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(!examination.finding("connection", "ok").isEmpty(), qPrintable(examination.text));
    QVERIFY(examination.finding("models", "failed").contains(QStringLiteral("doesn't answer")));
}

void DoctorWayTest::plainServerUnderHttps()
{
    RawUpstream upstream(
        [](QTcpSocket &socket, const RawRequest &) { socket.write(httpAnswer("404 Not Found", "{}")); });
    // What comes is no HTTP request until the doctor speaks plainly: a TLS hello has no empty line.
    QUrl url = upstream.url("/v1");
    url.setScheme(QStringLiteral("https"));
    const Examination examination = examine(routeTo(url));
    QCOMPARE(examination.exitCode, int(ExitFailure));
    QVERIFY2(examination.finding("encryption", "failed").contains(QStringLiteral("write http://")),
             qPrintable(examination.text));
}

QTEST_GUILESS_MAIN(DoctorWayTest)
#include "tst_doctor_way.moc"

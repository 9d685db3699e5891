// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QRandomGenerator>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;
using fakes::behave;

namespace {

QByteArray chat(bool stream)
{
    return RawClient::post("/v1/chat/completions",
                           R"({"model":"fake","stream":)" + QByteArray(stream ? "true" : "false") +
                               R"(,"messages":[{"role":"user","content":"Hello!"}]})");
}

/// Sanitizers make everything slower by as much.
std::chrono::milliseconds promptly()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 500ms;
#else
    return 50ms;
#endif
}

} // namespace

/// A client that goes away stops the work behind its request at once, and is counted once.
class ProgramClientGoneTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void stopsTheUpstream_data();
    void stopsTheUpstream();
    void survivesRandomDisconnects();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
};

void ProgramClientGoneTest::stopsTheUpstream_data()
{
    QTest::addColumn<QByteArray>("behaviour");
    QTest::addColumn<bool>("stream");
    QTest::addColumn<bool>("withReset");
    QTest::newRow("in a stream") << QByteArray("tokens=100000,interval=1") << true << false;
    QTest::newRow("in a stream, reset") << QByteArray("tokens=100000,interval=1") << true << true;
    QTest::newRow("in a silent stream") << QByteArray("tokens=9,fault=stall@3") << true << false;
    QTest::newRow("before the head") << QByteArray("fault=stall") << true << false;
    QTest::newRow("folded") << QByteArray("fault=stall") << false << false;
}

void ProgramClientGoneTest::stopsTheUpstream()
{
    QFETCH(QByteArray, behaviour);
    QFETCH(bool, stream);
    QFETCH(bool, withReset);
    GatehouseProcess gatehouse({m_route});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));

    // The kernel may give the processor to somebody else just then; that it can be this quick is what counts.
    auto best = 1h + 0ms;
    for (int tries = 0; tries < 3 && best > promptly(); ++tries) {
        m_upstream.forget();
        m_upstream.answerNext(behave(behaviour));
        RawClient client(gatehouse.port());
        QVERIFY(client.send(chat(stream)));
        if (stream && behaviour.startsWith("tokens"))
            QVERIFY(client.readUntil("w2 "));
        QTRY_VERIFY(!m_upstream.requests().isEmpty());
        const auto left = std::chrono::steady_clock::now();
        withReset ? client.reset() : client.close();
        QTRY_VERIFY(m_upstream.requests().last().clientLeftAt.has_value());
        best = std::min(best, std::chrono::ceil<std::chrono::milliseconds>(
                                  *m_upstream.requests().last().clientLeftAt - left));
        QVERIFY(gatehouse.waitForRequestLines(QStringLiteral("/v1/chat/completions"), tries + 1));
        QCOMPARE(gatehouse.requestLines(QStringLiteral("/v1/chat/completions")).last()[u"status"].toInt(),
                 499);
    }
    QVERIFY2(best <= promptly(), qPrintable(QStringLiteral("%1 ms").arg(best.count())));
}

void ProgramClientGoneTest::survivesRandomDisconnects()
{
    const int rounds = qEnvironmentVariableIntValue("GATEHOUSE_DISCONNECTS") > 0
                           ? qEnvironmentVariableIntValue("GATEHOUSE_DISCONNECTS")
                           : 200;
    m_upstream.setDefaults(behave("tokens=30,interval=0.2"));
    GatehouseProcess gatehouse({m_route, QStringLiteral("GATEHOUSE_SERVER_LANES=4")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QRandomGenerator random(4711);
    int complete = 0;
    for (int i = 0; i < rounds; ++i) {
        RawClient client(gatehouse.port());
        const QByteArray request = chat(random.bounded(3) != 0);
        const auto cut = random.bounded(10) == 0 ? random.bounded(request.size()) : request.size();
        QVERIFY(client.send(QByteArrayView(request).first(cut)));
        complete += cut == request.size() ? 1 : 0;
        if (cut == request.size())
            client.readUntil("w" + QByteArray::number(random.bounded(30)) + " ", random.bounded(8));
        random.bounded(2) == 0 ? client.reset() : client.close();
    }
    // Every complete request once. (One that was reset at once may never have been seen to be complete.)
    RawClient last(gatehouse.port());
    QVERIFY(last.send(chat(false)));
    QVERIFY(last.readUntil("\"usage\""));
    QTRY_COMPARE_WITH_TIMEOUT(m_upstream.totals().openAnswers, quint64(0), 10'000);
    gatehouse.process().terminate();
    QVERIFY(gatehouse.process().waitForFinished(20'000));
    const auto lines = gatehouse.requestLines(QStringLiteral("/v1/chat/completions"));
    const QString counted = QStringLiteral("%1 counted, %2 sent").arg(lines.size()).arg(complete + 1);
    QVERIFY2(lines.size() <= complete + 1 && lines.size() > complete / 2, qPrintable(counted));
    QSet<QString> ids;
    for (const QJsonObject &line : lines)
        ids.insert(line[u"request_id"].toString());
    QCOMPARE(ids.size(), lines.size());
    QVERIFY2(gatehouse.process().exitStatus() == QProcess::NormalExit && gatehouse.process().exitCode() == 0,
             qPrintable(gatehouse.why()));
}

QTEST_GUILESS_MAIN(ProgramClientGoneTest)
#include "tst_program_client_gone.moc"

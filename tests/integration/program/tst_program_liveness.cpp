// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTest>

#include <csignal>

using namespace gatehouse;
using fakes::behave;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int longestGap = 200;
#else
constexpr int longestGap = 20;
#endif

/// The longest time, in milliseconds, that one of `count` requests in a row over one connection took.
qint64 longestAnswer(quint16 port, int count)
{
    RawClient client(port);
    qint64 longest = 0;
    for (int i = 0; i < count; ++i) {
        QElapsedTimer clock;
        clock.start();
        const qsizetype before = client.received().size();
        if (!client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            return 1'000'000;
        while (client.received().size() == before || !client.received().endsWith("{\"status\":\"ok\"}")) {
            if (!client.readUntil("HTTP/1.1 200 OK", 5000) || clock.elapsed() > 5000)
                return 1'000'000;
            client.readUntilClosed(1);
        }
        longest = qMax(longest, clock.elapsed());
    }
    return longest;
}

} // namespace

/// One lane only, so that whatever held it up would hold up these requests, too.
class ProgramLivenessTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void ticksWhileUpstreamsStall();
    void ticksWhileNobodyReadsTheLog();

private:
    fakes::FakeUpstream m_upstream{behave("fault=stall"), fakes::FakeUpstream::Runs::InOwnThread};
    QStringList m_environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                              QStringLiteral("GATEHOUSE_SERVER_LANES=1")};
};

void ProgramLivenessTest::ticksWhileUpstreamsStall()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    std::vector<std::unique_ptr<RawClient>> waiting;
    for (int i = 0; i < 50; ++i) {
        waiting.push_back(std::make_unique<RawClient>(gatehouse.port()));
        QVERIFY(waiting.back()->send(RawClient::post(
            "/v1/chat/completions", R"({"model":"fake","messages":[{"role":"user","content":"Hello!"}]})")));
    }
    const auto chats = [this] { // Besides the question for its models.
        const auto seen = m_upstream.requests();
        return std::count_if(seen.begin(), seen.end(),
                             [](const auto &each) { return each.request.method == "POST"; });
    };
    QTRY_COMPARE(chats(), 50);
    // A busy machine may stop us once, not three times in a row.
    qint64 longest = longestAnswer(gatehouse.port(), 100);
    for (int tries = 0; tries < 2 && longest > longestGap; ++tries)
        longest = longestAnswer(gatehouse.port(), 100);
    QVERIFY2(longest <= longestGap, qPrintable(QString::number(longest)));
}

void ProgramLivenessTest::ticksWhileNobodyReadsTheLog()
{
    // Long lines and a debug level, and a pipe of 64 KiB that this test leaves full.
    GatehouseProcess gatehouse(m_environment + QStringList{QStringLiteral("LOG_LEVEL=debug")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const QByteArray id(100, 'i');
    RawClient client(gatehouse.port());
    for (int i = 0; i < 1000; ++i)
        QVERIFY(client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nx-request-id: " + id + "\r\n\r\n"));
    QTRY_VERIFY([&] {
        client.readUntilClosed(1);
        return client.received().count("{\"status\":\"ok\"}") == 1000;
    }());
    qint64 longest = longestAnswer(gatehouse.port(), 100);
    for (int tries = 0; tries < 2 && longest > longestGap; ++tries)
        longest = longestAnswer(gatehouse.port(), 100);
    QVERIFY2(longest <= longestGap, qPrintable(QString::number(longest)));
}

QTEST_GUILESS_MAIN(ProgramLivenessTest)
#include "tst_program_liveness.moc"

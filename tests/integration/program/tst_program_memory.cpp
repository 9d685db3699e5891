// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/fake_upstream.h"
#include "gatehouse_process.h"
#include "raw_client.h"

#include <QTest>

using namespace gatehouse;
using fakes::behave;

namespace {

constexpr qint64 bound = 40 * 1024 * 1024;

bool isMeasurable()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false; // A sanitizer's shadow is no memory of ours.
#else
    return true;
#endif
}

QByteArray mebibytes(qint64 bytes)
{
    return QByteArray::number(double(bytes) / (1024 * 1024), 'f', 1) + " MiB";
}

} // namespace

/// Memory stays under 40 MiB, whatever clients do or leave undone.
class ProgramMemoryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void staysSmallWhileClientsDrip();
    void staysSmallWhileAReaderNeverReads();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QStringList m_environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString()};
};

void ProgramMemoryTest::staysSmallWhileClientsDrip()
{
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(std::make_unique<RawClient>(gatehouse.port()));
        QVERIFY(clients.back()->isConnected());
        // Half of them drip headers, half the body of a request that announces 16 MiB.
        QVERIFY(clients.back()->send(
            i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
                       : "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                         "application/json\r\nContent-Length: 16777216\r\n\r\n{"));
    }
    for (int round = 0; round < 50; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i)
            QVERIFY(clients[i]->send(i % 2 == 0 ? QByteArray("X-Drip-") + QByteArray::number(round) + ": " +
                                                      QByteArray(200, 'x') + "\r\n"
                                                : QByteArray(200, ' ')));
    }
    RawClient other(gatehouse.port());
    QVERIFY(other.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    QVERIFY(other.readUntil("{\"status\":\"ok\"}"));
    const qint64 resident = gatehouse.residentBytes();
    qInfo("resident: %s", mebibytes(resident).constData());
    if (isMeasurable())
        QVERIFY2(resident < bound, mebibytes(resident));
}

void ProgramMemoryTest::staysSmallWhileAReaderNeverReads()
{
    m_upstream.setDefaults(behave("size=50M,token_bytes=1000"));
    GatehouseProcess gatehouse(m_environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    RawClient reader(gatehouse.port(), 4096);
    QVERIFY(reader.send(
        RawClient::post("/v1/chat/completions",
                        R"({"model":"fake","stream":true,"messages":[{"role":"user","content":"Go"}]})")));
    // The upstream sends until everything between it and the reader is full; then it is stopped.
    QTRY_VERIFY(m_upstream.totals().tokensSent > 100);
    quint64 before = 0;
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            const quint64 sent = m_upstream.totals().tokensSent;
            QTest::qWait(100);
            return std::exchange(before, sent) == sent;
        }(),
        20'000);
    QVERIFY2(before < 30'000, QByteArray::number(before)); // Of 50,000: it was paused long before the end.
    const qint64 resident = gatehouse.residentBytes();
    qInfo("resident: %s with %llu of 50000 tokens sent", mebibytes(resident).constData(),
          static_cast<unsigned long long>(before));
    if (isMeasurable())
        QVERIFY2(resident < bound, mebibytes(resident));
}

QTEST_GUILESS_MAIN(ProgramMemoryTest)
#include "tst_program_memory.moc"

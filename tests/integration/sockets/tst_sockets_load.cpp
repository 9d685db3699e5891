// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "chat_socket.h"
#include "fakes/fake_upstream.h"

#include <QJsonDocument>
#include <QTest>

#include <memory>
#include <vector>

using namespace gatehouse;
using fakes::behave;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool isSanitized = true;
#else
constexpr bool isSanitized = false;
#endif

/// Many at once, and those who don't read.
class SocketsLoadTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void answersAThousandAtOnce_data();
    void answersAThousandAtOnce();
    void pausesTheUpstreamOfWhoDoesNotRead();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
};

void SocketsLoadTest::init()
{
    m_upstream.forget();
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString()});
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

void SocketsLoadTest::answersAThousandAtOnce_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("question");
    QTest::newRow("without a session") << QByteArray("/ws/chat") << QByteArray("{\"message\":\"x\"}");
    QTest::newRow("the connection's session")
        << QByteArray("/ws") << QByteArray("{\"type\":\"chat\",\"data\":{\"message\":\"x\"}}");
    QTest::newRow("sessions of their own")
        << QByteArray("/websockets/chat/s%1") << QByteArray("{\"message\":\"x\"}");
}

void SocketsLoadTest::answersAThousandAtOnce()
{
    QFETCH(const QByteArray, path);
    QFETCH(const QByteArray, question);
    constexpr int clients = isSanitized ? 200 : 1000;
    m_upstream.setDefaults(behave("tokens=20,interval=20"));
    {
        ChatSocket warm(m_gatehouse->port(), "/ws/chat");
        warm.say(QByteArray("{\"message\":\"warm\"}"));
        QVERIFY(!warm.end().isEmpty());
    }
    const qint64 before = m_gatehouse->residentBytes();
    std::vector<std::unique_ptr<ChatSocket>> sockets;
    for (int i = 0; i < clients; ++i)
        sockets.push_back(std::make_unique<ChatSocket>(
            m_gatehouse->port(), QByteArray(path).replace("%1", QByteArray::number(i))));
    for (const auto &socket : sockets)
        QVERIFY(socket->isOpen());
    const qint64 idle = (m_gatehouse->residentBytes() - before) / clients;
    qInfo("%lld bytes an idle connection", static_cast<long long>(idle));
    if (!isSanitized)
        QVERIFY2(idle <= 20 * 1024, qPrintable(QString::number(idle)));

    // A question that is answered and one that waits, from each.
    for (const auto &socket : sockets) {
        socket->say(question);
        socket->say(question);
    }
    for (int turn = 0; turn < 2; ++turn) {
        for (const auto &socket : sockets) {
            const QJsonObject done = socket->end(60'000);
            QVERIFY2(done[u"type"].toString() != u"error", QJsonDocument(done).toJson().constData());
        }
    }
    for (const auto &socket : sockets)
        QCOMPARE(socket->pieces(), 40);
}

void SocketsLoadTest::pausesTheUpstreamOfWhoDoesNotRead()
{
    m_upstream.setDefaults(behave("tokens=50000,token_bytes=1024"));
    constexpr int sleepers = 10;
    const qint64 before = m_gatehouse->residentBytes();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < sleepers; ++i) {
        auto client = std::make_unique<RawClient>(m_gatehouse->port(), 4096);
        QVERIFY(client->send(
            "GET /ws/chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        QVERIFY(client->readUntil("\r\n\r\n"));
        // One text frame, masked by zeros (RFC 6455, 5.2).
        const QByteArray text = "{\"message\":\"a long one\"}";
        QVERIFY(client->send(QByteArray("\x81") + char(0x80 | text.size()) + QByteArray(4, '\0') + text));
        clients.push_back(std::move(client));
    }
    QTRY_COMPARE_WITH_TIMEOUT(m_upstream.totals().openAnswers, quint64(sleepers), 20'000);
    // Until nothing moves any more: what is under way fills some buffers, and then the upstreams wait.
    quint64 sent = 0;
    QVERIFY(QTest::qWaitFor(
        [&] {
            const quint64 now = m_upstream.totals().tokensSent;
            QTest::qWait(300);
            return now > 0 &&
                   std::exchange(sent, m_upstream.totals().tokensSent) == m_upstream.totals().tokensSent &&
                   now == sent;
        },
        20'000));
    QVERIFY2(sent < quint64(sleepers) * 25000, qPrintable(QString::number(sent)));
    const qint64 grown = m_gatehouse->residentBytes() - before;
    qInfo("%lld bytes for %d readers who don't read", static_cast<long long>(grown), sleepers);
    // The end of an answer repeats all of its text, so that is kept, in a buffer that doubles; nothing else
    // may grow.
    const qint64 text = qint64(sent) * 1024;
    if (!isSanitized)
        QVERIFY2(grown < 2 * text + sleepers * 1024 * 1024, qPrintable(QString::number(grown)));
    clients.clear();
    QTRY_COMPARE_WITH_TIMEOUT(m_upstream.totals().openAnswers, quint64(0), 20'000);
}

QTEST_GUILESS_MAIN(SocketsLoadTest)
#include "tst_sockets_load.moc"

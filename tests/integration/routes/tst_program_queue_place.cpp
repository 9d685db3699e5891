// SPDX-License-Identifier: GPL-3.0-or-later
#include "../access/api_client.h"
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "fakes/fake_upstream.h"

#include <QJsonArray>
#include <QTest>

#include <memory>

using namespace gatehouse;

namespace {

QByteArray chatBody(bool stream, const QByteArray &fake)
{
    return object({{QStringLiteral("model"), QStringLiteral("fake")},
                   {QStringLiteral("stream"), stream},
                   {QStringLiteral("user"), QString::fromLatin1("fake:" + fake)},
                   {QStringLiteral("messages"),
                    QJsonArray{QJsonObject{{QStringLiteral("role"), QStringLiteral("user")},
                                           {QStringLiteral("content"), QStringLiteral("Hello!")}}}}});
}

} // namespace

/// Who waits for a busy route is told his place.
class ProgramQueuePlaceTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void isToldOnAWholeAnswer();
    void isToldOnAStream();
    void isToldAgainWhenItChanges();
    void isToldInPlaceOfAHeartbeat();
    void isRefusedWhereTheRoomIsFull();
    void isNotToldWhoIsServedAtOnce();

private:
    void start(const QStringList &environment = {});

    /// `fake`: how the upstream answers it.
    [[nodiscard]] std::unique_ptr<RawClient> ask(bool stream, const QByteArray &fake = "tokens=3",
                                                 const QByteArray &more = {}) const
    {
        auto client = std::make_unique<RawClient>(m_gatehouse->port());
        client->send(
            RawClient::post("/v1/chat/completions", chatBody(stream, fake), "Connection: close\r\n" + more));
        return client;
    }
    /// Takes the only place, until the upstream ends the answer.
    [[nodiscard]] std::unique_ptr<RawClient> occupy(const QByteArray &fake) const
    {
        auto client = ask(true, fake);
        return client->readUntil("w0 ") ? std::move(client) : nullptr;
    }
    [[nodiscard]] qint64 waiting() const
    {
        return ApiClient(m_gatehouse->port()).get("/health/metrics").json()[u"requests_waiting"].toInteger();
    }

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
};

void ProgramQueuePlaceTest::start(const QStringList &environment)
{
    const QByteArray config = "[[routes]]\nkey = \"box\"\nurl = \"" + m_upstream.openAiUrl().toEncoded() +
                              "\"\nmax_concurrent = 1\nqueue_limit = 3\n";
    m_gatehouse = std::make_unique<GatehouseProcess>(
        environment + QStringList{QStringLiteral("CORS_ORIGINS=[\"http://page.example\"]")},
        QStringList{QStringLiteral("--config"), QStringLiteral("gatehouse.toml")},
        QHash<QString, QByteArray>{{QStringLiteral("gatehouse.toml"), config}});
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

void ProgramQueuePlaceTest::init()
{
    start();
}

void ProgramQueuePlaceTest::cleanup()
{
    m_gatehouse.reset();
}

void ProgramQueuePlaceTest::isToldOnAWholeAnswer()
{
    const auto first = occupy("tokens=30,interval=10");
    QVERIFY(first);
    const auto second = ask(false, "tokens=3", "Origin: http://page.example\r\n");
    QVERIFY(second->readUntilClosed());
    const QByteArray head = second->received().left(second->received().indexOf("\r\n\r\n") + 2).toLower();
    QVERIFY2(head.startsWith("http/1.1 200"), second->received().constData());
    QVERIFY2(head.contains("\r\nx-queue-position: 1\r\n"), head.constData());
    QVERIFY2(head.contains("x-queue-position, "), "pages may read it");
    QVERIFY(!second->received().contains(": queue position"));
    QVERIFY(m_gatehouse->waitForRequestLines(QStringLiteral("/v1/chat/completions"), 2));
    int waiters = 0;
    for (const QJsonObject &line : m_gatehouse->requestLines(QStringLiteral("/v1/chat/completions")))
        waiters += line[u"waited_ms"].toInteger() > 0 ? 1 : 0;
    QCOMPARE(waiters, 1);
    QVERIFY(ApiClient(m_gatehouse->port())
                .get("/metrics")
                .body.contains("gatehouse_queue_wait_seconds_count 1\n"));
}

void ProgramQueuePlaceTest::isToldOnAStream()
{
    const auto first = occupy("tokens=150,interval=10");
    QVERIFY(first);
    const auto second = ask(true);
    QVERIFY2(second->readUntil(": queue position 1\n\n", 5000), second->received().constData());
    QVERIFY(second->received().toLower().contains("\r\nx-queue-position: 1\r\n"));
    QVERIFY(!second->received().contains("data:"));
    QVERIFY(second->readUntil("data: [DONE]"));
    QCOMPARE(second->received().count(": queue position"), 1); // It hasn't changed.
}

void ProgramQueuePlaceTest::isToldAgainWhenItChanges()
{
    const auto first = occupy("tokens=150,interval=10");
    QVERIFY(first);
    const auto second = ask(true, "tokens=150,interval=10");
    QTRY_COMPARE(waiting(), 1);
    const auto third = ask(true);
    QTRY_COMPARE(waiting(), 2);
    QVERIFY(third->readUntil("data: [DONE]", 20'000));
    const QByteArray &told = third->received();
    QVERIFY(told.toLower().contains("\r\nx-queue-position: 2\r\n"));
    const qsizetype two = told.indexOf(": queue position 2\n\n");
    const qsizetype one = told.indexOf(": queue position 1\n\n");
    QVERIFY2(two >= 0 && one > two && told.indexOf("data:") > one, told.constData());
    QCOMPARE(told.count(": queue position"), 2);
}

void ProgramQueuePlaceTest::isToldInPlaceOfAHeartbeat()
{
    start({QStringLiteral("SSE_HEARTBEAT_SECONDS=1")});
    const auto first = occupy("tokens=350,interval=10");
    QVERIFY(first);
    const auto second = ask(true, "tokens=3,head_delay=1500");
    QVERIFY(second->readUntil("data: [DONE]"));
    const QByteArray &told = second->received();
    QVERIFY2(told.count(": queue position 1\n\n") >= 2, told.constData());
    const qsizetype keepalive = told.indexOf(": keepalive"); // While the model is silent.
    QVERIFY2(keepalive > told.lastIndexOf(": queue position") && keepalive < told.indexOf("data:"),
             told.constData());
}

void ProgramQueuePlaceTest::isRefusedWhereTheRoomIsFull()
{
    const auto first = occupy("tokens=4,fault=stall@2");
    QVERIFY(first);
    std::vector<std::unique_ptr<RawClient>> waiters;
    for (int i = 1; i <= 3; ++i) {
        waiters.push_back(ask(i % 2 == 0));
        QTRY_COMPARE(waiting(), i);
    }
    const auto late = ask(true);
    QVERIFY(late->readUntilClosed());
    const QByteArray answer = late->received().toLower();
    QVERIFY2(answer.startsWith("http/1.1 503"), answer.constData());
    QVERIFY2(answer.contains("\r\nretry-after: "), answer.constData());
    QVERIFY2(!answer.contains("queue position"), answer.constData());
    // Who leaves, leaves the room.
    waiters.pop_back();
    QTRY_COMPARE(waiting(), 2);
}

void ProgramQueuePlaceTest::isNotToldWhoIsServedAtOnce()
{
    for (const bool stream : {false, true}) {
        const auto client = ask(stream);
        QVERIFY(client->readUntilClosed());
        QVERIFY(client->received().startsWith("HTTP/1.1 200"));
        QVERIFY(!client->received().toLower().contains("queue"));
    }
    QVERIFY(ApiClient(m_gatehouse->port())
                .get("/metrics")
                .body.contains("gatehouse_queue_wait_seconds_count 0\n"));
}

QTEST_GUILESS_MAIN(ProgramQueuePlaceTest)
#include "tst_program_queue_place.moc"

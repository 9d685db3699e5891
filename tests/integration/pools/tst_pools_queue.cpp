// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "asker.h"
#include "fakes/fake_upstream.h"
#include "routes_toml.h"

#include <QTest>

#include <memory>
#include <vector>

using namespace gatehouse;
using fakes::behave;
using fakes::FakeUpstream;

/// A busy route: its waiting room, and whose turn it is.
class PoolsQueueTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void takesTurnsBetweenKeys();
    void tellsAStreamItsPlace();
    void tellsAFoldedAnswerItsPlace();
    void refusesWhenItIsFull();
    void forgetsWhoLeaves();
    void refusesWhoWaitsTooLong();

private:
    void start(const QByteArray &route, const QByteArray &head = {});
    /// One that has its place and keeps it until the upstream's connections are reset.
    [[nodiscard]] std::unique_ptr<RawClient> occupy();
    [[nodiscard]] std::unique_ptr<RawClient> send(const Asked &asked) const;
    [[nodiscard]] QList<QByteArray> contents() const; ///< Of what the upstream was asked, in order.

    FakeUpstream m_upstream{{}, FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
};

void PoolsQueueTest::init()
{
    m_gatehouse.reset();
    m_upstream.setDefaults(behave("tokens=3"));
    m_upstream.forget();
}

void PoolsQueueTest::start(const QByteArray &route, const QByteArray &head)
{
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList(), configArguments(),
        configFile(configured(
            {{.key = "box", .url = m_upstream.openAiUrl(), .more = "max_concurrent = 1\n" + route}}, head)));
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

std::unique_ptr<RawClient> PoolsQueueTest::send(const Asked &asked) const
{
    auto client = std::make_unique<RawClient>(m_gatehouse->port());
    client->send(Asker(m_gatehouse->port()).request(asked));
    return client;
}

std::unique_ptr<RawClient> PoolsQueueTest::occupy()
{
    m_upstream.answerNext(behave("fault=stall@1"));
    auto client = send({.stream = true, .content = "first"});
    return client->readUntil("w0 ") ? std::move(client) : nullptr;
}

QList<QByteArray> PoolsQueueTest::contents() const
{
    QList<QByteArray> contents;
    for (const fakes::SeenRequest &seen : m_upstream.requests()) {
        const qsizetype found = seen.request.body.lastIndexOf("\"content\":\"");
        if (found >= 0)
            contents.append(seen.request.body.sliced(found + 11).split('"').first());
    }
    return contents;
}

void PoolsQueueTest::takesTurnsBetweenKeys()
{
    constexpr int many = 200;
    start("queue_limit = 300", "[auth]\nmode = \"required\"\n");
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    const auto key = [&admin](const char *name) {
        const QByteArray body = R"({"name":")" + QByteArray(name) + R"("})";
        return bearer(admin.post("/api/keys", body).json()[u"key"].toString().toUtf8());
    };
    const QByteArray greedy = key("greedy");
    const QByteArray modest = key("modest");
    m_upstream.setDefaults(behave("tokens=1,head_delay=20"));
    m_upstream.answerNext(behave("fault=stall@1"));

    // Each costs more than a round gives.
    const Asker asker(m_gatehouse->port(), greedy);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < many; ++i) {
        clients.push_back(std::make_unique<RawClient>(m_gatehouse->port()));
        QVERIFY(clients.back()->send(asker.request({.stream = i == 0,
                                                    .content = "greedy " + QByteArray::number(i),
                                                    .more = R"(,"max_tokens":5000)"})));
        if (i == 0)
            QVERIFY(clients.back()->readUntil("w0 "));
    }
    const auto waiting = [&admin](int count) {
        const QByteArray line = "gatehouse_route_waiting{group=\"box\"} " + QByteArray::number(count) + '\n';
        return admin.get("/metrics").body.contains(line);
    };
    QTRY_VERIFY(waiting(many - 1));
    RawClient single(m_gatehouse->port());
    QVERIFY(single.send(
        Asker(m_gatehouse->port(), modest).request({.content = "modest", .more = R"(,"max_tokens":5000)"})));
    QTRY_VERIFY(waiting(many));
    m_upstream.resetConnections(); // The first one's place becomes free.
    QVERIFY(single.readUntilClosed(20'000));
    QVERIFY2(readChat(single.received()).isComplete, single.received());
    QVERIFY2(contents().indexOf("modest") <= 2, QByteArray::number(contents().indexOf("modest")));
    for (std::size_t i = 1; i < clients.size(); ++i) {
        QVERIFY(clients[i]->readUntilClosed(20'000));
        QVERIFY2(readChat(clients[i]->received()).isComplete, clients[i]->received());
    }
    QCOMPARE(contents().size(), many + 1);
}

void PoolsQueueTest::tellsAStreamItsPlace()
{
    start("", "[server]\nheartbeat_seconds = 1\n");
    const auto first = occupy();
    QVERIFY(first);
    const auto second = send({.stream = true, .content = "second"});
    QVERIFY2(second->readUntil(": queue position 1\n\n"), second->received());
    const auto third = send({.stream = true, .content = "third"});
    QVERIFY2(third->readUntil(": queue position 2\n\n"), third->received());
    second->close();
    QVERIFY2(third->readUntil(": queue position 1\n\n"), third->received());
    m_upstream.resetConnections();
    QVERIFY(third->readUntilClosed());
    const ToldAnswer told = readChat(third->received());
    QVERIFY2(told.mistake.isEmpty(), told.mistake);
    QVERIFY(told.isComplete);
    QCOMPARE(told.headers.value("x-queue-position"), QByteArray("2"));
    QCOMPARE(contents(), (QList<QByteArray>{"first", "third"}));
}

void PoolsQueueTest::tellsAFoldedAnswerItsPlace()
{
    start("");
    const auto first = occupy();
    QVERIFY(first);
    const auto second = send({.stream = false, .content = "second"});
    QVERIFY(!second->readUntil("HTTP", 200)); // It waits.
    m_upstream.resetConnections();
    QVERIFY(second->readUntilClosed());
    const ToldAnswer told = readChat(second->received());
    QVERIFY2(told.isComplete, told.mistake);
    QCOMPARE(told.headers.value("x-queue-position"), QByteArray("1"));
    QVERIFY(!Asker(m_gatehouse->port()).chat().headers.contains("x-queue-position"));
}

void PoolsQueueTest::refusesWhenItIsFull()
{
    start("queue_limit = 2", "[server]\nheartbeat_seconds = 1\n");
    const auto first = occupy();
    QVERIFY(first);
    const auto second = send({.stream = true, .content = "second"});
    const auto third = send({.stream = true, .content = "third"});
    QVERIFY(second->readUntil(": queue position"));
    QVERIFY(third->readUntil(": queue position"));
    for (const bool stream : {false, true}) {
        const ToldAnswer told = Asker(m_gatehouse->port()).chat({.stream = stream, .content = "fourth"});
        QVERIFY2(told.mistake.isEmpty(), told.mistake);
        QCOMPARE(told.status, 503);
        QVERIFY(told.headers.value("retry-after").toInt() >= 1);
        QCOMPARE(told.error[u"code"].toString(), QStringLiteral("overloaded"));
    }
    m_upstream.resetConnections();
    QVERIFY(second->readUntil("data: [DONE]"));
    QVERIFY(third->readUntil("data: [DONE]"));
    QCOMPARE(contents().size(), 3);
}

void PoolsQueueTest::forgetsWhoLeaves()
{
    start("queue_limit = 1", "[server]\nheartbeat_seconds = 1\n");
    const auto first = occupy();
    QVERIFY(first);
    const auto second = send({.stream = true, .content = "second"});
    QVERIFY(second->readUntil(": queue position 1"));
    second->close();
    // Now there is room for another one.
    std::unique_ptr<RawClient> third;
    const auto waits = [&] {
        third = send({.stream = true, .content = "third"});
        return third->readUntil(": queue position 1", 3000);
    };
    QVERIFY(QTest::qWaitFor(waits, 10'000));
    m_upstream.resetConnections();
    QVERIFY(third->readUntil("data: [DONE]"));
    QVERIFY(!contents().contains("second"));
}

void PoolsQueueTest::refusesWhoWaitsTooLong()
{
    start("timeouts.queue_seconds = 0.4");
    const auto first = occupy();
    QVERIFY(first);
    for (const bool stream : {false, true}) {
        const ToldAnswer told = Asker(m_gatehouse->port()).chat({.stream = stream, .content = "second"});
        QVERIFY2(told.mistake.isEmpty(), told.mistake);
        QCOMPARE(told.status, 503);
        QVERIFY(told.headers.value("retry-after").toInt() >= 1);
    }
    QCOMPARE(contents(), (QList<QByteArray>{"first"}));
}

QTEST_GUILESS_MAIN(PoolsQueueTest)
#include "tst_pools_queue.moc"

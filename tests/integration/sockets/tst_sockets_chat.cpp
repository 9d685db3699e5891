// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "chat_socket.h"
#include "fakes/fake_upstream.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using fakes::behave;
using fakes::Ending;

namespace {

QJsonObject saying(const QString &text)
{
    return {
        {QStringLiteral("messages"), QJsonArray{QJsonObject{{QStringLiteral("role"), QStringLiteral("user")},
                                                            {QStringLiteral("content"), text}}}}};
}

QJsonObject gemmaSaying(const QString &text, QJsonObject data = {})
{
    data[QStringLiteral("message")] = text;
    return {{QStringLiteral("type"), QStringLiteral("chat")}, {QStringLiteral("data"), data}};
}

QJsonObject typed(const QString &type)
{
    return {{QStringLiteral("type"), type}};
}

} // namespace

/// The three predecessors' WebSockets (contract §2).
class SocketsChatTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void streamsOnWsChat();
    void streamsOnWs();
    void foldsOnWsWhereAskedTo();
    void keepsTheConversationOnWs();
    void keepsTheConversationOfASessionsSocketOverARestart();
    void stopsAnAnswerThatIsCancelled();
    void answersWhatWaitsInOrderAndRefusesWhatIsTooMuch();
    void tellsWhatIsWrongAndStays();
    void tellsAnUpstreamsFailure();
    void refusesBinaryMessages();
    void stopsTheUpstreamWhenTheClientLeaves();
    void finishesTheRunningAnswerWhenDraining();
    void countsEachMessageOnce();

private:
    [[nodiscard]] QJsonArray lastAsked() const;

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
};

void SocketsChatTest::init()
{
    m_upstream.setDefaults(behave("tokens=4"));
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString()});
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    QCOMPARE(ApiClient(m_gatehouse->port()).get("/v1/models").status,
             200); // Else the first request asks for them.
    m_upstream.forget();
}

/// The messages of the newest request that reached the upstream.
QJsonArray SocketsChatTest::lastAsked() const
{
    QJsonArray messages;
    for (const fakes::SeenRequest &seen : m_upstream.requests()) {
        const QJsonObject body = QJsonDocument::fromJson(seen.request.body).object();
        if (body.contains(u"messages"))
            messages = body[u"messages"].toArray();
    }
    return messages;
}

void SocketsChatTest::streamsOnWsChat()
{
    ChatSocket socket(m_gatehouse->port(), "/ws/chat");
    QVERIFY(socket.isOpen());
    socket.say(saying(QStringLiteral("hello")));
    const QJsonObject done = socket.end();
    QCOMPARE(done[u"type"].toString(), QStringLiteral("done"));
    QCOMPARE(socket.takeText(), QStringLiteral("w0 w1 w2 w3 "));
    QCOMPARE(done[u"content"].toString(), QStringLiteral("w0 w1 w2 w3 "));
    QCOMPARE(done[u"finish_reason"].toString(), QStringLiteral("stop"));
    QCOMPARE(done[u"usage"][u"completion_tokens"].toInt(), 4);
    QCOMPARE(done[u"usage"][u"total_tokens"].toInt(), 11);
    QVERIFY(!done[u"id"].toString().isEmpty());
    QVERIFY(!done[u"model"].toString().isEmpty());
    QVERIFY(done[u"latency_ms"].isDouble());
    // And again on the same connection.
    socket.say(saying(QStringLiteral("again")));
    QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    QCOMPARE(lastAsked().size(), 1); // Nobody asked for a history here.
}

void SocketsChatTest::streamsOnWs()
{
    ChatSocket socket(m_gatehouse->port(), "/ws");
    const QJsonObject connected = socket.next(QStringLiteral("connected"));
    const QString session = connected[u"session_id"].toString();
    QVERIFY(!session.isEmpty());
    socket.say(gemmaSaying(QStringLiteral("hello")));
    const QJsonObject complete = socket.end();
    QCOMPARE(complete[u"type"].toString(), QStringLiteral("chat_complete"));
    QCOMPARE(complete[u"session_id"].toString(), session);
    QCOMPARE(socket.takeText(), QStringLiteral("w0 w1 w2 w3 "));
    QVERIFY(QJsonDocument(complete).toJson().contains("w0 w1 w2 w3 "));
    socket.say(typed(QStringLiteral("ping")));
    QCOMPARE(socket.next(QStringLiteral("pong"))[u"session_id"].toString(), session);
}

void SocketsChatTest::foldsOnWsWhereAskedTo()
{
    ChatSocket socket(m_gatehouse->port(), "/ws");
    socket.say(gemmaSaying(QStringLiteral("hello"), {{QStringLiteral("stream"), false}}));
    QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("chat_complete"));
    QCOMPARE(socket.pieces(), 0);
}

void SocketsChatTest::keepsTheConversationOnWs()
{
    QString session;
    {
        ChatSocket socket(m_gatehouse->port(), "/ws");
        session = socket.next(QStringLiteral("connected"))[u"session_id"].toString();
        socket.say(gemmaSaying(QStringLiteral("one")));
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("chat_complete"));
        socket.say(gemmaSaying(QStringLiteral("two")));
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("chat_complete"));
        QCOMPARE(lastAsked().size(), 3);
    }
    // The same one, from another connection.
    ChatSocket socket(m_gatehouse->port(), "/ws");
    socket.say(gemmaSaying(QStringLiteral("three"), {{QStringLiteral("session_id"), session}}));
    QCOMPARE(socket.end()[u"session_id"].toString(), session);
    QCOMPARE(lastAsked().size(), 5);
}

void SocketsChatTest::keepsTheConversationOfASessionsSocketOverARestart()
{
    const QByteArray path = "/websockets/chat/my-session";
    {
        ChatSocket socket(m_gatehouse->port(), path);
        socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("one")}});
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    }
    m_gatehouse->kill();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    ChatSocket socket(m_gatehouse->port(), path);
    socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("two")}});
    QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    const QJsonArray asked = lastAsked();
    QCOMPARE(asked.size(), 3);
    QCOMPARE(asked[0][u"content"].toString(), QStringLiteral("one"));
    QCOMPARE(asked[1][u"role"].toString(), QStringLiteral("assistant"));
    QCOMPARE(asked[1][u"content"].toString(), QStringLiteral("w0 w1 w2 w3 "));
    QCOMPARE(asked[2][u"content"].toString(), QStringLiteral("two"));
}

void SocketsChatTest::stopsAnAnswerThatIsCancelled()
{
    m_upstream.answerNext(behave("tokens=100,fault=stall@3"));
    ChatSocket socket(m_gatehouse->port(), "/websockets/chat/stopped");
    socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("go on for ever")}});
    QVERIFY(!socket.next(QStringLiteral("token")).isEmpty());
    socket.say(typed(QStringLiteral("cancel")));
    const QJsonObject done = socket.end();
    QCOMPARE(done[u"type"].toString(), QStringLiteral("done"));
    QCOMPARE(done[u"finish_reason"].toString(), QStringLiteral("cancelled"));
    QTRY_COMPARE(m_upstream.totals().clientsLeft, quint64(1));
    const ApiAnswer kept = ApiClient(m_gatehouse->port()).get("/api/sessions/stopped/messages");
    QCOMPARE(kept.json()[u"data"].toArray().last()[u"finish_reason"].toString(), QStringLiteral("cancelled"));
    // A stop with nothing to stop is nothing.
    socket.say(typed(QStringLiteral("cancel")));
    socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("and now")}});
    QCOMPARE(socket.end()[u"finish_reason"].toString(), QStringLiteral("stop"));
}

void SocketsChatTest::answersWhatWaitsInOrderAndRefusesWhatIsTooMuch()
{
    m_upstream.answerNext(behave("tokens=2,first_delay=300"));
    ChatSocket socket(m_gatehouse->port(), "/ws/chat");
    constexpr int queue = 8;
    for (int i = 0; i <= queue; ++i)
        socket.say(saying(QString::number(i)));
    socket.say(saying(QStringLiteral("too much")));
    const QJsonObject refusal = socket.end();
    QCOMPARE(refusal[u"type"].toString(), QStringLiteral("error"));
    QCOMPARE(refusal[u"error"][u"code"].toString(), QStringLiteral("queue_full"));
    for (int i = 0; i <= queue; ++i)
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    QStringList asked;
    for (const fakes::SeenRequest &seen : m_upstream.requests()) {
        const QJsonObject body = QJsonDocument::fromJson(seen.request.body).object();
        if (body.contains(u"messages"))
            asked << body[u"messages"][0][u"content"].toString();
    }
    QCOMPARE(asked.join(u' '), QStringLiteral("0 1 2 3 4 5 6 7 8"));
}

void SocketsChatTest::tellsWhatIsWrongAndStays()
{
    const QList<std::pair<QByteArray, QByteArray>> bad{
        {"/ws/chat", "not json"},
        {"/ws/chat", "[]"},
        {"/ws/chat", R"({"model":"x"})"},
        {"/ws/chat", R"({"messages":7})"},
        {"/ws/chat", R"({"messages":[{"role":"user","content":"x"}],"params":{"temperature":9}})"},
        {"/ws", R"({"type":"dance"})"},
        {"/ws", R"({"type":"chat","data":{}})"},
        {"/ws", R"({"type":"chat","data":{"message":"x","session_id":"no spaces"}})"},
        {"/websockets/chat/s", R"({"message":7})"}};
    for (const auto &[path, text] : bad) {
        ChatSocket socket(m_gatehouse->port(), path);
        QVERIFY(socket.isOpen());
        socket.say(text);
        const QJsonObject told = socket.end();
        QVERIFY2(told[u"type"].toString() == u"error", text.constData());
        QVERIFY2(QJsonDocument(told).toJson().contains("invalid_request"),
                 QJsonDocument(told).toJson().constData());
        socket.say(path == "/ws" ? gemmaSaying(QStringLiteral("x")) : saying(QStringLiteral("x")));
        QVERIFY(socket.end()[u"type"].toString() != u"error");
    }
    // None of it reached the upstream.
    QCOMPARE(m_upstream.totals().tokensSent, quint64(4 * bad.size()));
}

void SocketsChatTest::tellsAnUpstreamsFailure()
{
    ChatSocket socket(m_gatehouse->port(), "/websockets/chat/failing");
    m_upstream.answerNext(behave("tokens=9,fault=close@3"));
    socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("x")}});
    const QJsonObject error = socket.end();
    QCOMPARE(error[u"type"].toString(), QStringLiteral("error"));
    QCOMPARE(socket.takeText(), QStringLiteral("w0 w1 w2 "));
    for (const char *member : {"message", "type", "param", "code"})
        QVERIFY2(error[u"error"].toObject().contains(QLatin1String(member)), member);
    QTRY_COMPARE(
        ApiClient(m_gatehouse->port()).get("/api/sessions/failing/messages").json()[u"data"].toArray().size(),
        2);
    const QJsonValue kept =
        ApiClient(m_gatehouse->port()).get("/api/sessions/failing/messages").json()[u"data"].toArray().last();
    QCOMPARE(kept[u"finish_reason"].toString(), QStringLiteral("error"));
    QCOMPARE(kept[u"content"].toString(), QStringLiteral("w0 w1 w2 "));
}

void SocketsChatTest::refusesBinaryMessages()
{
    ChatSocket socket(m_gatehouse->port(), "/ws/chat");
    QVERIFY(socket.isOpen());
    socket.socket().sendBinaryMessage("bytes");
    QCOMPARE(socket.closeCode(), 1003);
}

void SocketsChatTest::stopsTheUpstreamWhenTheClientLeaves()
{
    m_upstream.answerNext(behave("tokens=100,fault=stall@3"));
    {
        ChatSocket socket(m_gatehouse->port(), "/websockets/chat/left");
        socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("x")}});
        QVERIFY(!socket.next(QStringLiteral("token")).isEmpty());
        QTRY_COMPARE(m_upstream.requests().last().tokensSent, 3);
    }
    QTRY_COMPARE(m_upstream.totals().clientsLeft, quint64(1));
    const ApiClient client(m_gatehouse->port());
    QTRY_COMPARE(client.get("/api/sessions/left/messages").json()[u"data"].toArray().size(), 2);
    const QJsonValue kept = client.get("/api/sessions/left/messages").json()[u"data"].toArray().last();
    QCOMPARE(kept[u"finish_reason"].toString(), QStringLiteral("cancelled"));
    QCOMPARE(kept[u"content"].toString(), QStringLiteral("w0 w1 w2 "));
}

void SocketsChatTest::finishesTheRunningAnswerWhenDraining()
{
    ChatSocket idle(m_gatehouse->port(), "/ws/chat");
    ChatSocket busy(m_gatehouse->port(), "/ws/chat");
    QVERIFY(idle.isOpen() && busy.isOpen());
    m_upstream.answerNext(behave("tokens=20,interval=40"));
    busy.say(saying(QStringLiteral("slowly")));
    QVERIFY(!busy.next(QStringLiteral("token")).isEmpty());
    busy.say(saying(QStringLiteral("waits")));
    m_gatehouse->signal(SIGTERM);
    QCOMPARE(idle.closeCode(), 1001);
    // What waits is refused, what runs is finished.
    QCOMPARE(busy.end()[u"type"].toString(), QStringLiteral("error"));
    QCOMPARE(busy.end()[u"type"].toString(), QStringLiteral("done"));
    QCOMPARE(busy.pieces(), 20);
    QCOMPARE(busy.closeCode(), 1001);
    QVERIFY(m_gatehouse->process().waitForFinished(10'000));
    QCOMPARE(m_gatehouse->process().exitCode(), 0);
}

void SocketsChatTest::countsEachMessageOnce()
{
    ChatSocket socket(m_gatehouse->port(), "/ws/chat");
    for (int i = 0; i < 3; ++i)
        socket.say(saying(QStringLiteral("x")));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    const ApiClient admin(m_gatehouse->port(), bearer(m_gatehouse->makeAdminKey()));
    QTRY_COMPARE(admin.get("/api/requests?limit=1").status, 200); // The key is known.
    const QJsonArray rows = admin.get("/api/requests?endpoint=%2Fws%2Fchat").json()[u"data"].toArray();
    int messages = 0;
    int handshakes = 0;
    for (const QJsonValue &row : rows) {
        messages += row[u"method"].toString() == u"WS" && row[u"completion_tokens"].toInt() == 4;
        handshakes += row[u"method"].toString() == u"GET" && row[u"status"].toInt() == 101;
    }
    QCOMPARE(messages, 3);
    QCOMPARE(handshakes, 1);
    QCOMPARE(rows.size(), 4);
}

QTEST_GUILESS_MAIN(SocketsChatTest)
#include "tst_sockets_chat.moc"

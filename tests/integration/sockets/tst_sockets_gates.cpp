// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "chat_socket.h"
#include "fakes/fake_upstream.h"

#include <QJsonArray>
#include <QTest>

using namespace gatehouse;

namespace {

const QByteArray question = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";

/// A handshake by hand, for what QWebSocket doesn't let through.
QByteArray handshake(const QByteArray &target, const QByteArray &more)
{
    return "GET " + target +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           more + "\r\n";
}

} // namespace

/// Who is let in to a WebSocket, and what its messages may use up.
class SocketsGatesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void letsInWhoeverShowsAKey_data();
    void letsInWhoeverShowsAKey();
    void refusesBeforeTheHandshake_data();
    void refusesBeforeTheHandshake();
    void writesNoKeyAnywhere();
    void countsMessagesAgainstTheKey();
    void closesWhenTheKeyIsRevoked();
    void hidesOtherKeysSessions();

private:
    [[nodiscard]] QByteArray freshKey(const QByteArray &more = {}, QByteArray *id = nullptr) const;
    [[nodiscard]] QByteArray answerTo(const QByteArray &target, const QByteArray &more) const;

    fakes::FakeUpstream m_upstream{fakes::behave("tokens=4"), fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_adminKey;
    QByteArray m_key;
};

void SocketsGatesTest::initTestCase()
{
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                    QStringLiteral("GATEHOUSE_AUTH_MODE=required"),
                    QStringLiteral("CORS_ORIGINS=[\"https://app.example\"]")});
    m_adminKey = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    m_key = freshKey();
    QVERIFY(m_key.startsWith("gh_"));
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(m_key)).get("/v1/models").status, 200);
}

QByteArray SocketsGatesTest::freshKey(const QByteArray &more, QByteArray *id) const
{
    const ApiAnswer made =
        ApiClient(m_gatehouse->port(), bearer(m_adminKey)).post("/api/keys", "{\"name\":\"k\"" + more + "}");
    if (id)
        *id = made.json()[u"id"].toString().toUtf8();
    return made.json()[u"key"].toString().toUtf8();
}

QByteArray SocketsGatesTest::answerTo(const QByteArray &target, const QByteArray &more) const
{
    RawClient client(m_gatehouse->port());
    client.send(handshake(target, more));
    (void)client.readUntil("\r\n\r\n");
    return client.received();
}

void SocketsGatesTest::letsInWhoeverShowsAKey_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("more");
    for (const char *path : {"/ws/chat", "/ws", "/websockets/chat/s"}) {
        const QByteArray target(path);
        QTest::addRow("%s bearer", path) << target << QByteArray("Authorization: Bearer KEY\r\n");
        QTest::addRow("%s x-api-key", path) << target << QByteArray("x-api-key: KEY\r\n");
        QTest::addRow("%s query", path) << target + "?api_key=KEY" << QByteArray();
        QTest::addRow("%s subprotocol", path)
            << target << QByteArray("Sec-WebSocket-Protocol: gatehouse.v1, key.KEY\r\n");
        QTest::addRow("%s allowed page", path)
            << target << QByteArray("x-api-key: KEY\r\nOrigin: https://app.example\r\n");
    }
}

void SocketsGatesTest::letsInWhoeverShowsAKey()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, more);
    const QByteArray answer = answerTo(target.replace("KEY", m_key), more.replace("KEY", m_key));
    QVERIFY2(answer.startsWith("HTTP/1.1 101 "), answer.constData());
    const bool offered = more.contains("gatehouse.v1");
    QCOMPARE(answer.toLower().contains("sec-websocket-protocol: gatehouse.v1\r\n"), offered);
    QVERIFY(!answer.contains(m_key));
}

void SocketsGatesTest::refusesBeforeTheHandshake_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("more");
    QTest::addColumn<int>("status");
    for (const char *path : {"/ws/chat", "/ws", "/websockets/chat/s"}) {
        const QByteArray target(path);
        QTest::addRow("%s nothing", path) << target << QByteArray() << 401;
        QTest::addRow("%s wrong key", path) << target << QByteArray("x-api-key: gh_wrong\r\n") << 401;
        QTest::addRow("%s wrong query", path) << target + "?api_key=wrong" << QByteArray() << 401;
        QTest::addRow("%s wrong subprotocol", path)
            << target << QByteArray("Sec-WebSocket-Protocol: gatehouse.v1, key.wrong\r\n") << 401;
        QTest::addRow("%s other page", path)
            << target << QByteArray("x-api-key: KEY\r\nOrigin: https://evil.example\r\n") << 403;
        QTest::addRow("%s no page", path)
            << target << QByteArray("x-api-key: KEY\r\nOrigin: null\r\n") << 403;
    }
    QTest::newRow("no such session") << QByteArray("/websockets/chat/with%20space")
                                     << QByteArray("x-api-key: KEY\r\n") << 400;
    QTest::newRow("no such socket") << QByteArray("/ws/none") << QByteArray("x-api-key: KEY\r\n") << 404;
}

void SocketsGatesTest::refusesBeforeTheHandshake()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, more);
    QFETCH(int, status);
    const QByteArray answer = answerTo(target, more.replace("KEY", m_key));
    QVERIFY2(answer.startsWith("HTTP/1.1 " + QByteArray::number(status) + ' '), answer.constData());
    QVERIFY2(answer.toLower().contains("application/json"), answer.constData());
}

void SocketsGatesTest::writesNoKeyAnywhere()
{
    QVERIFY(answerTo("/ws/chat?api_key=" + m_key, {}).startsWith("HTTP/1.1 101"));
    QVERIFY(answerTo("/ws/chat?api_key=gh_secret_in_vain", {}).startsWith("HTTP/1.1 401"));
    const ApiClient admin(m_gatehouse->port(), bearer(m_adminKey));
    QTRY_VERIFY(admin.get("/api/requests?limit=500").body.contains("/ws/chat"));
    const QByteArray rows = admin.get("/api/requests?limit=500").body;
    const QByteArray log = m_gatehouse->why().toUtf8();
    for (const QByteArray &text : {rows, log}) {
        QVERIFY(!text.contains(m_key));
        QVERIFY(!text.contains("gh_secret_in_vain"));
    }
}

void SocketsGatesTest::countsMessagesAgainstTheKey()
{
    const QByteArray key = freshKey(",\"rpm\":3"); // The handshake and two messages.
    ChatSocket socket(m_gatehouse->port(), "/ws/chat", {{"x-api-key", key}});
    QVERIFY(socket.isOpen());
    for (int i = 0; i < 2; ++i) {
        socket.say(question);
        QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    }
    socket.say(question);
    const QJsonObject refusal = socket.end();
    QCOMPARE(refusal[u"type"].toString(), QStringLiteral("error"));
    QCOMPARE(refusal[u"error"][u"code"].toString(), QStringLiteral("rate_limit_exceeded"));
    QVERIFY(!socket.isClosed());
    QVERIFY(answerTo("/ws/chat", "x-api-key: " + key + "\r\n").startsWith("HTTP/1.1 429 "));
}

void SocketsGatesTest::closesWhenTheKeyIsRevoked()
{
    QByteArray id;
    const QByteArray key = freshKey({}, &id);
    ChatSocket idle(m_gatehouse->port(), "/ws/chat", {{"x-api-key", key}});
    ChatSocket busy(m_gatehouse->port(), "/ws/chat", {{"x-api-key", key}});
    QVERIFY(idle.isOpen() && busy.isOpen());
    m_upstream.answerNext(fakes::behave("tokens=9,fault=stall@2"));
    busy.say(question);
    QVERIFY(!busy.next(QStringLiteral("token")).isEmpty());
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(m_adminKey)).ask("DELETE", "/api/keys/" + id).status, 200);
    QCOMPARE(idle.closeCode(), 1008);
    QCOMPARE(busy.end()[u"error"][u"code"].toString(), QStringLiteral("invalid_api_key"));
    QCOMPARE(busy.closeCode(), 1008);
}

void SocketsGatesTest::hidesOtherKeysSessions()
{
    const QByteArray other = freshKey();
    ChatSocket mine(m_gatehouse->port(), "/websockets/chat/shared-name", {{"x-api-key", m_key}});
    mine.say(QByteArray("{\"message\":\"my secret\"}"));
    QCOMPARE(mine.end()[u"type"].toString(), QStringLiteral("done"));
    // The same name is another session for another key.
    m_upstream.forget();
    ChatSocket theirs(m_gatehouse->port(), "/websockets/chat/shared-name", {{"x-api-key", other}});
    theirs.say(QByteArray("{\"message\":\"what did I say?\"}"));
    QCOMPARE(theirs.end()[u"type"].toString(), QStringLiteral("done"));
    for (const fakes::SeenRequest &seen : m_upstream.requests())
        QVERIFY(!seen.request.body.contains("my secret"));
    const ApiClient them(m_gatehouse->port(), bearer(other));
    QVERIFY(!them.get("/api/sessions/shared-name/messages").body.contains("my secret"));
    QVERIFY(!them.get("/api/search?q=secret").body.contains("my secret"));
    QVERIFY(
        ApiClient(m_gatehouse->port(), bearer(m_key)).get("/api/search?q=secret").body.contains("my secret"));
}

QTEST_GUILESS_MAIN(SocketsGatesTest)
#include "tst_sockets_gates.moc"

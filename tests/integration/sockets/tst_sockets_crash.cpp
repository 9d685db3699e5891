// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "chat_socket.h"
#include "fakes/fake_upstream.h"
#include "services/needs_server.h"
#include "services/postgres_server.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QTest>

using namespace gatehouse;

/// kill -9 at any moment of a conversation: it goes on with all that was acknowledged.
class SocketsCrashTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void goesOnWithItsContext_data();
    void goesOnWithItsContext();

private:
    fakes::FakeUpstream m_upstream{fakes::behave("tokens=6,interval=0.5"),
                                   fakes::FakeUpstream::Runs::InOwnThread};
    services::PostgresServer m_postgres;
};

void SocketsCrashTest::goesOnWithItsContext_data()
{
    QTest::addColumn<bool>("onPostgres");
    QTest::newRow("SQLite") << false;
    QTest::newRow("PostgreSQL") << true;
}

void SocketsCrashTest::goesOnWithItsContext()
{
    QFETCH(const bool, onPostgres);
    QStringList environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                            QStringLiteral("GATEHOUSE_HISTORY_CONTEXT_TOKENS=100000")};
    if (onPostgres) {
        GATEHOUSE_NEEDS_SERVER(PostgresServer);
        QVERIFY2(m_postgres.start(), qPrintable(m_postgres.log()));
        environment << QStringLiteral("DATABASE_URL=") + m_postgres.makeDatabase();
    }
    const int asked = qEnvironmentVariableIntValue("GATEHOUSE_KILLS");
    const int rounds = asked > 0 ? asked : 10;
    GatehouseProcess gatehouse(environment);
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));

    QRandomGenerator random(static_cast<quint32>(rounds));
    QStringList acknowledged; // The questions whose answers were told to the end.
    int questions = 0;
    for (int round = 0; round < rounds; ++round) {
        ChatSocket socket(gatehouse.port(), "/websockets/chat/s");
        QVERIFY(socket.isOpen());
        const int whole = random.bounded(3);
        for (int i = 0; i < whole; ++i) {
            const QString question = QStringLiteral("q%1.").arg(++questions);
            socket.say(QJsonObject{{QStringLiteral("message"), question}});
            QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
            acknowledged << question;
        }
        // And one that is interrupted somewhere, or just isn't.
        const QString question = QStringLiteral("q%1.").arg(++questions);
        socket.say(QJsonObject{{QStringLiteral("message"), question}});
        const int pieces = socket.pieces() + random.bounded(7);
        while (socket.pieces() < pieces && !socket.next(QStringLiteral("token"), 2000).isEmpty()) {
        }
        const bool told = random.bounded(3) == 0 && socket.end()[u"type"].toString() == u"done";
        gatehouse.kill();
        if (told)
            acknowledged << question;
        QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    }

    // All that was acknowledged is there, with its answer, in order …
    QStringList kept;
    const ApiClient client(gatehouse.port());
    QJsonArray messages;
    qint64 after = 0;
    for (bool more = true; more;) {
        const QJsonObject page =
            client.get("/api/sessions/s/messages?limit=100&after=" + QByteArray::number(after)).json();
        for (const QJsonValue &message : page[u"data"].toArray()) {
            messages.append(message);
            after = message[u"number"].toInteger();
        }
        more = page[u"has_more"].toBool();
    }
    for (int i = 0; i + 1 < messages.size(); ++i) {
        const bool isAnswered = messages[i][u"role"].toString() == u"user" &&
                                messages[i + 1][u"role"].toString() == u"assistant" &&
                                messages[i + 1][u"finish_reason"].toString() == u"stop" &&
                                messages[i + 1][u"content"].toString() == u"w0 w1 w2 w3 w4 w5 ";
        if (isAnswered)
            kept << messages[i][u"content"].toString();
    }
    for (const QString &question : acknowledged)
        QVERIFY2(kept.count(question) == 1, qPrintable(question + QStringLiteral(" of ") + kept.join(u' ')));

    // … and goes along with the next question.
    m_upstream.forget();
    ChatSocket socket(gatehouse.port(), "/websockets/chat/s");
    socket.say(QJsonObject{{QStringLiteral("message"), QStringLiteral("last")}});
    QCOMPARE(socket.end()[u"type"].toString(), QStringLiteral("done"));
    QStringList sent;
    for (const fakes::SeenRequest &seen : m_upstream.requests()) {
        const QJsonObject body = QJsonDocument::fromJson(seen.request.body).object();
        for (const QJsonValue &message : body[u"messages"].toArray())
            sent << message[u"content"].toString();
    }
    for (const QString &question : acknowledged)
        QVERIFY2(sent.contains(question), qPrintable(question));
}

QTEST_GUILESS_MAIN(SocketsCrashTest)
#include "tst_sockets_crash.moc"

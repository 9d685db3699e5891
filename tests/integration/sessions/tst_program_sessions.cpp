// SPDX-License-Identifier: GPL-3.0-or-later
#include "../access/api_client.h"
#include "../program/gatehouse_process.h"
#include "store/migrations.h"
#include "store/session_repository.h"

#include <QHostAddress>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTcpSocket>
#include <QTest>

#include <memory>

using namespace gatehouse;

/// What callers see of their history, and of nobody else's.
class ProgramSessionsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void listsInPages();
    void tellsMessagesInPages();
    void keepsOwnersApart();
    void renames();
    void deletes();
    void exportsWholeSessions();
    void exportsWhatIsLong();
    void countsAHeadAsAnswered();
    void stopsWhenTheKeyIsRevoked();
    void searches();
    void refusesBadQueries_data();
    void refusesBadQueries();

private:
    struct Key
    {
        QByteArray id;
        QByteArray secret;
    };
    [[nodiscard]] Key makeKey(const QString &name) const
    {
        const ApiAnswer made = admin().post("/api/keys", object({{QStringLiteral("name"), name}}));
        return {made.json()[u"id"].toString().toUtf8(), made.json()[u"key"].toString().toUtf8()};
    }
    [[nodiscard]] ApiClient admin() const { return ApiClient(m_gatehouse->port(), bearer(m_admin)); }
    [[nodiscard]] ApiClient as(const Key &key) const
    {
        return ApiClient(m_gatehouse->port(), bearer(key.secret));
    }
    /// Puts messages into a session, all of them the user's.
    [[nodiscard]] bool say(const SessionKey &key, const QByteArrayList &texts, qint64 second = 0) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_admin;
    Key m_one;
    Key m_two;
};

namespace {

QStringList fieldsOf(const ApiAnswer &answer, QStringView field)
{
    QStringList values;
    for (const QJsonValue &item : answer.json()[u"data"].toArray())
        values.append(item[field].toVariant().toString());
    return values;
}

} // namespace

bool ProgramSessionsTest::say(const SessionKey &key, const QByteArrayList &texts, qint64 second) const
{
    const auto database = Database::open({.file = m_folder->filePath(QStringLiteral("g.db"))});
    QList<MessageRecord> messages;
    for (const QByteArray &text : texts)
        messages.append(
            {.role = "user",
             .text = text,
             .createdAt = WallTime(std::chrono::milliseconds(1'700'000'000'000 + second * 1000))});
    return database && SessionRepository(**database)
                           .append(key, QString::fromUtf8(texts.constFirst().left(40)), messages);
}

void ProgramSessionsTest::init()
{
    m_gatehouse.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_gatehouse = std::make_unique<GatehouseProcess>(
        QStringList{QStringLiteral("DATABASE_URL=sqlite:///") + m_folder->filePath(QStringLiteral("g.db")),
                    QStringLiteral("MODEL_ROUTE_BOX=http://127.0.0.1:9/v1"),
                    QStringLiteral("GATEHOUSE_AUTH_MODE=required")});
    m_admin = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    m_one = makeKey(QStringLiteral("one"));
    m_two = makeKey(QStringLiteral("two"));
    QVERIFY(!m_one.id.isEmpty() && !m_two.secret.isEmpty());
}

void ProgramSessionsTest::listsInPages()
{
    QStringList expected;
    for (int i = 0; i < 7; ++i) {
        QVERIFY(say({m_one.id, "s" + QByteArray::number(i)}, {"hello"}, i / 3));
        QVERIFY(say({m_two.id, "t" + QByteArray::number(i)}, {"hello"}, i / 3));
    }
    QStringList seen;
    QByteArray cursor;
    do {
        const ApiAnswer page = as(m_one).get("/api/sessions?limit=2" + cursor);
        QCOMPARE(page.status, 200);
        QCOMPARE(page.json()[u"object"].toString(), QStringLiteral("list"));
        seen << fieldsOf(page, u"id");
        const QString next = page.json()[u"next_cursor"].toString();
        QCOMPARE(page.json()[u"next_cursor"].isNull(), seen.size() >= 7);
        cursor = next.isEmpty() ? QByteArray() : "&cursor=" + next.toLatin1();
    } while (!cursor.isEmpty() && seen.size() < 20);
    QCOMPARE(seen, (QStringList{QStringLiteral("s6"), QStringLiteral("s5"), QStringLiteral("s4"),
                                QStringLiteral("s3"), QStringLiteral("s2"), QStringLiteral("s1"),
                                QStringLiteral("s0")}));
    QCOMPARE(fieldsOf(admin().get("/api/sessions"), u"id").size(), 14);
    QCOMPARE(fieldsOf(admin().get("/api/sessions?key_id=" + m_two.id), u"id").size(), 7);
    QCOMPARE(as(m_one).get("/api/sessions?key_id=" + m_two.id).status, 403);
    QCOMPARE(ApiClient(m_gatehouse->port()).get("/api/sessions").status, 401);

    const QJsonObject session = as(m_one).get("/api/sessions/s1").json();
    QCOMPARE(session[u"id"].toString(), QStringLiteral("s1"));
    QCOMPARE(session[u"title"].toString(), QStringLiteral("hello"));
    QCOMPARE(session[u"message_count"].toInt(), 1);
    QCOMPARE(session[u"key_id"].toString().toUtf8(), m_one.id);
    QCOMPARE(session[u"created_at"].toString(), QStringLiteral("2023-11-14T22:13:20.000Z"));
}

void ProgramSessionsTest::tellsMessagesInPages()
{
    QVERIFY(say({m_one.id, "s"}, {"a", "b", "c", "d", "e"}));
    QStringList seen;
    QByteArray after = "0";
    for (int pages = 0; pages < 10; ++pages) {
        const ApiAnswer page = as(m_one).get("/api/sessions/s/messages?limit=2&after=" + after);
        QCOMPARE(page.status, 200);
        QCOMPARE(page.json()[u"session_id"].toString(), QStringLiteral("s"));
        seen << fieldsOf(page, u"content");
        if (!page.json()[u"has_more"].toBool())
            break;
        after = fieldsOf(page, u"number").constLast().toLatin1();
    }
    QCOMPARE(seen.join(QString()), QStringLiteral("abcde"));
}

void ProgramSessionsTest::keepsOwnersApart()
{
    QVERIFY(say({m_one.id, "same"}, {"of one"}));
    QVERIFY(say({m_two.id, "same"}, {"of two"}));
    QVERIFY(say({m_two.id, "only"}, {"secret of two"}));
    const ApiAnswer missing = as(m_one).get("/api/sessions/none");
    for (const char *path :
         {"/api/sessions/only", "/api/sessions/only/messages", "/api/sessions/only/export"}) {
        const ApiAnswer refused = as(m_one).get(path);
        QCOMPARE(refused.status, 404);
        QCOMPARE(refused.body, missing.body);
    }
    QCOMPARE(as(m_one).get("/api/sessions/only?key_id=" + m_two.id).status, 404);
    QCOMPARE(as(m_one).ask("PATCH", "/api/sessions/only", R"({"title":"mine"})").status, 404);
    QCOMPARE(as(m_one).ask("DELETE", "/api/sessions/only").status, 404);
    QCOMPARE(fieldsOf(as(m_one).get("/api/sessions/same/messages"), u"content"),
             QStringList{QStringLiteral("of one")});
    QCOMPARE(fieldsOf(as(m_one).get("/api/search?q=of"), u"snippet"), QStringList{QStringLiteral("of one")});

    QCOMPARE(admin().get("/api/sessions/same").status, 409);
    QCOMPARE(admin().get("/api/sessions/only").status, 200);
    const ApiAnswer read = admin().get("/api/sessions/same/messages?key_id=" + m_two.id);
    QCOMPARE(fieldsOf(read, u"content"), QStringList{QStringLiteral("of two")});
    // A search is always in one's own.
    QVERIFY(fieldsOf(admin().get("/api/search?q=of"), u"snippet").isEmpty());
    QCOMPARE(admin().ask("DELETE", "/api/sessions/same?key_id=" + m_two.id).status, 200);
    QCOMPARE(as(m_one).get("/api/sessions/same").status, 200);
}

void ProgramSessionsTest::renames()
{
    QVERIFY(say({m_one.id, "s"}, {"hello"}));
    const ApiAnswer renamed = as(m_one).ask(
        "PATCH", "/api/sessions/s", object({{QStringLiteral("title"), QStringLiteral("Zo\u00eb's")}}));
    QCOMPARE(renamed.status, 200);
    QCOMPARE(renamed.json()[u"title"].toString(), QStringLiteral("Zo\u00eb's"));
    QCOMPARE(as(m_one).get("/api/sessions/s").json(), renamed.json());
    const QByteArray tooLong = object({{QStringLiteral("title"), QString(201, u'x')}});
    for (const QByteArray &body : {QByteArray("{}"), object({{QStringLiteral("title"), QString()}}),
                                   object({{QStringLiteral("title"), 7}}), tooLong}) {
        const ApiAnswer refused = as(m_one).ask("PATCH", "/api/sessions/s", body);
        QCOMPARE(refused.status, 400);
        QCOMPARE(refused.json()[u"error"][u"param"].toString(), QStringLiteral("title"));
    }
}

void ProgramSessionsTest::deletes()
{
    QVERIFY(say({m_one.id, "s"}, {"hello there"}));
    const ApiAnswer deleted = as(m_one).ask("DELETE", "/api/sessions/s");
    QCOMPARE(deleted.status, 200);
    QCOMPARE(deleted.json()[u"deleted"].toBool(), true);
    QCOMPARE(deleted.json()[u"id"].toString(), QStringLiteral("s"));
    QCOMPARE(as(m_one).ask("DELETE", "/api/sessions/s").status, 404);
    QCOMPARE(as(m_one).get("/api/sessions/s").status, 404);
    QVERIFY(fieldsOf(as(m_one).get("/api/sessions"), u"id").isEmpty());
    QVERIFY(fieldsOf(as(m_one).get("/api/search?q=hello"), u"snippet").isEmpty());
}

void ProgramSessionsTest::exportsWholeSessions()
{
    QVERIFY(say({m_one.id, "a:b.c@d~e"}, {"# `one`", "two\r\n## admin\n```sh"}));
    const ApiAnswer json = as(m_one).get("/api/sessions/a:b.c@d~e/export");
    QCOMPARE(json.status, 200);
    QCOMPARE(json.headers.value("content-disposition"),
             QByteArray("attachment; filename=\"session-a_b_c_d_e.json\""));
    QCOMPARE(json.json()[u"messages"].toArray().size(), 2);
    QCOMPARE(json.json()[u"messages"][1][u"content"].toString(), QStringLiteral("two\r\n## admin\n```sh"));
    const ApiAnswer markdown = as(m_one).get("/api/sessions/a:b.c@d~e/export?format=markdown");
    QCOMPARE(markdown.status, 200);
    QVERIFY(markdown.headers.value("content-type").startsWith("text/markdown"));
    QVERIFY(markdown.body.startsWith("# one\n"));
    QVERIFY(markdown.body.contains("\n## user\n\n> # `one`\n"));
    QVERIFY(markdown.body.endsWith("\n## user\n\n> two\n> ## admin\n> ```sh\n"));
}

// Many pages, and more bytes than a sink takes at once.
void ProgramSessionsTest::exportsWhatIsLong()
{
    QByteArrayList texts;
    for (int i = 0; i < 1000; ++i)
        texts << QByteArray::number(i) + QByteArray(4000, 'x');
    texts << QByteArray(3'000'000, 'y');
    QVERIFY(say({m_one.id, "long"}, texts));
    const QJsonArray messages = as(m_one).get("/api/sessions/long/export").json()[u"messages"].toArray();
    QCOMPARE(messages.size(), texts.size());
    for (qsizetype i = 0; i < texts.size(); ++i)
        QCOMPARE(messages[i][u"content"].toString().toUtf8(), texts[i]);
}

void ProgramSessionsTest::countsAHeadAsAnswered()
{
    QVERIFY(say({m_one.id, "s"}, {"one"}));
    const ApiAnswer head = as(m_one).ask("HEAD", "/api/sessions/s/export");
    QCOMPARE(head.status, 200);
    QVERIFY(head.headers.value("content-disposition").contains("session-s.json"));
    QCOMPARE(head.body, QByteArray());
    const auto statuses = [this] {
        QList<int> list;
        const QJsonArray rows =
            admin().get("/api/requests?endpoint=/api/sessions/%7Bid%7D/export").json()[u"data"].toArray();
        for (const QJsonValue &row : rows)
            list << row[u"status"].toInt();
        return list;
    };
    QTRY_COMPARE(statuses(), QList<int>{200});
}

void ProgramSessionsTest::stopsWhenTheKeyIsRevoked()
{
    constexpr qsizetype messageBytes = 500'000;
    constexpr qsizetype messages = 80; // Far more than lies between two sockets.
    QVERIFY(say({m_two.id, "s"}, QByteArrayList(messages, QByteArray(messageBytes, 'x'))));
    QTcpSocket socket;
    socket.setReadBufferSize(64 * 1024);
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), m_gatehouse->port());
    QVERIFY(socket.waitForConnected(5000));
    socket.write("GET /api/sessions/s/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                 m_two.secret + "\r\n\r\n");
    QTRY_VERIFY(socket.bytesAvailable() > 1000);
    QCOMPARE(admin().ask("DELETE", "/api/keys/" + m_two.id).status, 200);
    QByteArray all;
    QTRY_VERIFY_WITH_TIMEOUT((all += socket.readAll(), socket.state() == QAbstractSocket::UnconnectedState),
                             20'000);
    all += socket.readAll();
    QVERIFY(all.startsWith("HTTP/1.1 200"));
    QVERIFY2(all.size() < messages * messageBytes, qPrintable(QString::number(all.size())));
    QVERIFY(!all.endsWith("\r\n0\r\n\r\n")); // It doesn't look like a whole one.
}

void ProgramSessionsTest::searches()
{
    for (int i = 0; i < 5; ++i)
        QVERIFY(say({m_one.id, "s" + QByteArray::number(i)},
                    {"Caf\xc3\xa9 number " + QByteArray::number(i), "other"}));
    const ApiAnswer first = as(m_one).get("/api/search?q=cafe+num&limit=3");
    QCOMPARE(first.status, 200);
    QCOMPARE(fieldsOf(first, u"session_id"),
             (QStringList{QStringLiteral("s4"), QStringLiteral("s3"), QStringLiteral("s2")}));
    QVERIFY(first.json()[u"has_more"].toBool());
    const QByteArray before = QByteArray::number(first.json()[u"next_before"].toInteger());
    const ApiAnswer rest = as(m_one).get("/api/search?q=caf%C3%A9&limit=3&before=" + before);
    QCOMPARE(fieldsOf(rest, u"session_id"), (QStringList{QStringLiteral("s1"), QStringLiteral("s0")}));
    QVERIFY(!rest.json()[u"has_more"].toBool() && rest.json()[u"next_before"].isNull());
    QVERIFY(fieldsOf(as(m_one).get("/api/search?q=%22%2A%28"), u"session_id").isEmpty());
}

void ProgramSessionsTest::refusesBadQueries_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("param");
    const auto row = [](const char *target, int status, const char *param) {
        QTest::newRow(target) << QByteArray(target) << status << QString::fromLatin1(param);
    };
    row("/api/sessions?limit=0", 400, "limit");
    row("/api/sessions?limit=101", 400, "limit");
    row("/api/sessions?limit=x", 400, "limit");
    row("/api/sessions?cursor=x", 400, "cursor");
    row("/api/sessions?cursor=%00", 400, "cursor");
    row("/api/sessions?key_id=", 400, "key_id");
    row("/api/sessions/s/messages?after=-1", 400, "after");
    row("/api/sessions/s/messages?limit=1001", 400, "limit");
    row("/api/sessions/s/export?format=pdf", 400, "format");
    row("/api/search", 400, "q");
    row("/api/search?q=", 400, "q");
    row("/api/search?q=x&limit=101", 400, "limit");
    row("/api/search?q=x&before=0", 400, "before");
    row("/api/sessions/a%2Fb", 404, "");
    row("/api/sessions/%C3%A4", 404, "");
    row("/api/sessions/a%20b/messages", 404, "");
}

void ProgramSessionsTest::refusesBadQueries()
{
    QFETCH(const QByteArray, target);
    QFETCH(const int, status);
    QFETCH(const QString, param);
    const ApiAnswer refused = as(m_one).get(target);
    QCOMPARE(refused.status, status);
    QCOMPARE(refused.json()[u"error"][u"param"].toString(), param);
}

QTEST_GUILESS_MAIN(ProgramSessionsTest)
#include "tst_program_sessions.moc"

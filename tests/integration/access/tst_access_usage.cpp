// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QTest>

#include <csignal>
#include <memory>

using namespace gatehouse;
using fakes::behave;

/// The ledger: one row a request on every way out, and figures that add up.
class AccessUsageTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_gatehouse.reset(); }

    void keepsEveryWayOut();
    void countsWhatTheUpstreamCounted();
    void tellsEachTheirOwn();
    void pagesTheRequestLog();
    void refusesBadQuestions_data();
    void refusesBadQuestions();

private:
    [[nodiscard]] ApiClient admin() const { return ApiClient(m_gatehouse->port(), bearer(m_admin)); }
    [[nodiscard]] QByteArray freshKey(QByteArray *id = nullptr, const QByteArray &fields = {}) const;
    /// The rows of one key, oldest first.
    [[nodiscard]] QList<QJsonObject> rowsOf(const QByteArray &keyId) const;

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_admin;
};

void AccessUsageTest::init()
{
    m_upstream.setDefaults(behave("tokens=16"));
    m_upstream.forget();
    m_gatehouse = std::make_unique<GatehouseProcess>(QStringList{
        QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
        QStringLiteral("GATEHOUSE_AUTH_MODE=required"), QStringLiteral("GATEHOUSE_SERVER_LANES=4")});
    m_admin = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

QByteArray AccessUsageTest::freshKey(QByteArray *id, const QByteArray &fields) const
{
    const ApiAnswer made = admin().post("/api/keys", R"({"name":"k")" + fields + "}");
    if (id)
        *id = made.json()[u"id"].toString().toUtf8();
    return made.json()[u"key"].toString().toUtf8();
}

QList<QJsonObject> AccessUsageTest::rowsOf(const QByteArray &keyId) const
{
    QList<QJsonObject> rows;
    for (const QJsonValue &row : admin().get("/api/requests?key_id=" + keyId).json()[u"data"].toArray())
        rows.prepend(row.toObject());
    return rows;
}

void AccessUsageTest::keepsEveryWayOut()
{
    QByteArray id;
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(&id, R"(,"rpm":8)")));
    QCOMPARE(user.chat().status, 200);
    QCOMPARE(user.chat(true).status, 200);
    QCOMPARE(user.post("/v1/chat/completions", R"({"messages":7})").status, 400);
    m_upstream.answerNext(behave("status=500"));
    QCOMPARE(user.chat().status, 502);
    m_upstream.answerNext(behave("tokens=9,fault=close@5"));
    QVERIFY(user.chat(true).body.contains("error"));
    m_upstream.answerNext(behave("tokens=9,fault=stall@3"));
    RawClient leaving(m_gatehouse->port());
    QVERIFY(leaving.send(user.chatRequest(true)) && leaving.readUntil("w2 "));
    leaving.close();
    QTRY_COMPARE(rowsOf(id).size(), 6);
    m_upstream.answerNext(behave("fault=stall"));
    RawClient impatient(m_gatehouse->port());
    QVERIFY(impatient.send(user.chatRequest(false)));
    QTRY_COMPARE(m_upstream.totals().openAnswers, quint64(1));
    impatient.close();
    m_upstream.answerNext(behave("usage=off,tokens=6"));
    QTRY_COMPARE(rowsOf(id).size(), 7);
    QCOMPARE(user.chat().status, 200);
    QCOMPARE(user.chat().status, 429);

    const QList<QJsonObject> rows = rowsOf(id);
    struct Expected
    {
        int status;
        const char *error;
        int completionTokens;
        bool estimated;
    };
    const QList<Expected> expected{{200, "", 16, false},
                                   {200, "", 16, false},
                                   {400, "invalid_request", 0, false},
                                   {502, "upstream_failed", 0, true},
                                   {200, "upstream_failed", 5, true},
                                   {499, "cancelled", 3, true},
                                   {499, "cancelled", 0, true},
                                   {200, "", -1, true},
                                   {429, "rate_limited", 0, false}};
    QCOMPARE(rows.size(), expected.size());
    QSet<QString> ids;
    for (int i = 0; i < expected.size(); ++i) {
        const QByteArray row = QJsonDocument(rows[i]).toJson();
        QVERIFY2(rows[i][u"status"].toInt() == expected[i].status, row.constData());
        QVERIFY2(rows[i][u"error"].toString() == QLatin1String(expected[i].error), row.constData());
        if (expected[i].completionTokens >= 0)
            QVERIFY2(rows[i][u"completion_tokens"].toInt() == expected[i].completionTokens, row.constData());
        else
            QVERIFY2(rows[i][u"completion_tokens"].toInt() > 0, row.constData());
        if (rows[i][u"prompt_tokens"].toInt() > 0)
            QVERIFY2(rows[i][u"tokens_estimated"].toBool() == expected[i].estimated, row.constData());
        QCOMPARE(rows[i][u"endpoint"].toString(), QStringLiteral("/v1/chat/completions"));
        ids.insert(rows[i][u"request_id"].toString());
    }
    QCOMPARE(ids.size(), rows.size());
    QVERIFY(rows[6][u"prompt_tokens"].toInt() > 0); // It was read, though nobody waited for the answer.
    QVERIFY(rows[1][u"first_token_ms"].isDouble());
    QCOMPARE(rows[0][u"model"].toString(), QStringLiteral("fake"));
    QCOMPARE(rows[0][u"route"].toString(), QStringLiteral("box"));

    // Running answers that a drain cuts off are there after the restart.
    m_upstream.setDefaults(behave("tokens=9,fault=stall@2"));
    const ApiClient other(m_gatehouse->port(), bearer(freshKey(&id)));
    RawClient drained(m_gatehouse->port());
    QVERIFY(drained.send(other.chatRequest(true)) && drained.readUntil("w1 "));
    m_gatehouse->signal(SIGTERM);
    QTRY_VERIFY(m_gatehouse->why().contains(QStringLiteral("draining")));
    m_gatehouse->signal(SIGTERM); // In a hurry.
    QVERIFY(m_gatehouse->process().waitForFinished(20'000));
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    QCOMPARE(rowsOf(id).size(), 1);
    QCOMPARE(rowsOf(id).first()[u"completion_tokens"].toInt(), 2);
}

void AccessUsageTest::countsWhatTheUpstreamCounted()
{
    constexpr int streams = 1000;
    constexpr int atOnce = 50;
    QByteArray id;
    const ApiClient caller(m_gatehouse->port(), bearer(freshKey(&id)));
    QRandomGenerator random(20261121);
    for (int done = 0; done < streams; done += atOnce) {
        std::vector<std::unique_ptr<RawClient>> clients;
        QList<QByteArray> awaited;
        for (int i = 0; i < atOnce; ++i) {
            // A third stops somewhere and is left there; then both sides agree on how far it came.
            const int tokens = 2 + random.bounded(30);
            const bool leaves = random.bounded(3) == 0;
            const int last = leaves ? 1 + random.bounded(tokens - 1) : tokens;
            const QByteArray user = "fake:tokens=" + QByteArray::number(tokens) +
                                    (leaves ? ",fault=stall@" + QByteArray::number(last) : QByteArray());
            clients.push_back(std::make_unique<RawClient>(m_gatehouse->port()));
            QVERIFY(clients.back()->send(caller.chatRequest(true, ",\"user\":\"" + user + "\"")));
            awaited.append(leaves ? "w" + QByteArray::number(last - 1) + " " : QByteArray("[DONE]"));
        }
        for (int i = 0; i < atOnce; ++i)
            QVERIFY2(clients[i]->readUntil(awaited[i]), clients[i]->received().right(200).constData());
    }
    QTRY_COMPARE(m_upstream.totals().openAnswers, quint64(0));
    const auto total = [&] {
        return admin().get("/api/stats?key_id=" + id).json();
    };
    QTRY_COMPARE(total()[u"requests"].toInt(), streams);
    QCOMPARE(total()[u"completion_tokens"].toInteger(), qint64(m_upstream.totals().tokensSent));
    QCOMPARE(total()[u"errors"].toInteger(), qint64(m_upstream.totals().clientsLeft));
}

void AccessUsageTest::tellsEachTheirOwn()
{
    QByteArray idA;
    QByteArray idB;
    const ApiClient a(m_gatehouse->port(), bearer(freshKey(&idA)));
    const ApiClient b(m_gatehouse->port(), bearer(freshKey(&idB)));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(a.chat().status, 200);
    QCOMPARE(b.chat().status, 200);
    // The question itself is counted once it is answered, not before.
    const QJsonObject ofA = a.get("/api/stats").json();
    QCOMPARE(ofA[u"requests"].toInt(), 3);
    QCOMPARE(ofA[u"completion_tokens"].toInt(), 48);
    QVERIFY(ofA[u"response_ms"][u"p50"].toDouble() > 0);
    QVERIFY(ofA[u"response_ms"][u"p95"].toDouble() >= ofA[u"response_ms"][u"p50"].toDouble());
    QCOMPARE(ofA[u"by_model"].toArray().first()[u"model"].toString(), QStringLiteral("fake"));
    QCOMPARE(ofA[u"by_day"].toArray().first()[u"date"].toString(),
             QDateTime::currentDateTimeUtc().date().toString(Qt::ISODate));
    QCOMPARE(b.get("/api/stats").json()[u"completion_tokens"].toInt(), 16);
    QCOMPARE(b.get("/api/stats?key_id=" + idA).status, 403);
    QCOMPARE(admin().get("/api/stats?key_id=" + idA).json()[u"completion_tokens"].toInt(), 48);
    QCOMPARE(admin().get("/api/stats").json()[u"completion_tokens"].toInt(), 64);
    QCOMPARE(admin().get("/api/stats?from=2100-01-01").json()[u"requests"].toInt(), 0);
}

void AccessUsageTest::pagesTheRequestLog()
{
    QByteArray id;
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(&id)));
    for (int i = 0; i < 7; ++i)
        QCOMPARE(user.get("/v1/models").status, 200);
    QSet<qint64> numbers;
    QByteArray before;
    int pages = 0;
    for (bool more = true; more && pages < 10; ++pages) {
        const QJsonObject page = admin().get("/api/requests?limit=3&key_id=" + id + before).json();
        for (const QJsonValue &row : page[u"data"].toArray())
            numbers.insert(row[u"number"].toInteger());
        more = page[u"has_more"].toBool();
        before = "&before=" + QByteArray::number(page[u"next_before"].toInteger());
    }
    QCOMPARE(pages, 3);
    QCOMPARE(numbers.size(), 7);
    QCOMPARE(admin().get("/api/requests?status=4&key_id=" + id).json()[u"data"].toArray().size(), 0);
    QCOMPARE(admin().get("/api/requests?status=2&key_id=" + id).json()[u"data"].toArray().size(), 7);
    // Who hammers at doors that aren't there is on record, too.
    QCOMPARE(user.get("/nowhere").status, 404);
    QTRY_VERIFY(admin().get("/api/requests?status=404").json()[u"data"].toArray().size() == 1);
}

void AccessUsageTest::refusesBadQuestions_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QString>("param");
    QTest::newRow("limit") << QByteArray("/api/requests?limit=0") << QStringLiteral("limit");
    QTest::newRow("long limit") << QByteArray("/api/requests?limit=100000") << QStringLiteral("limit");
    QTest::newRow("before") << QByteArray("/api/requests?before=x") << QStringLiteral("before");
    QTest::newRow("status") << QByteArray("/api/requests?status=-1") << QStringLiteral("status");
    QTest::newRow("from") << QByteArray("/api/stats?from=yesterday") << QStringLiteral("from");
    QTest::newRow("key") << QByteArray("/api/stats?key_id=") << QStringLiteral("key_id");
    QTest::newRow("long key") << "/api/stats?key_id=" + QByteArray(5000, 'x') << QStringLiteral("key_id");
}

void AccessUsageTest::refusesBadQuestions()
{
    QFETCH(const QByteArray, target);
    QFETCH(const QString, param);
    const ApiAnswer answer = admin().get(target);
    QCOMPARE(answer.status, 400);
    QCOMPARE(answer.json()[u"error"][u"param"].toString(), param);
}

QTEST_GUILESS_MAIN(AccessUsageTest)
#include "tst_access_usage.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QDateTime>
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>

#include <memory>

using namespace gatehouse;
using fakes::behave;

/// A key's life: made, bounded, changed, revoked, by the API and by the command line.
class AccessKeysTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_gatehouse.reset(); }

    void showsAKeyOnce();
    void refusesBadFields_data();
    void refusesBadFields();
    void changesWhatIsMentioned();
    void boundsRequestsAMinute();
    void boundsTokensAMinute();
    void boundsConcurrency();
    void boundsTheMonth();
    void allowsSomeModelsOnly();
    void endsStreamsOfARevokedKey_data();
    void endsStreamsOfARevokedKey();
    void takesKeysFromTheCommandLineAtOnce();
    void endsStreamsOfAnExpiredKey();
    void survivesARestart();
    void readsNoLargeBodyOfStrangers();
    void opensPathsButNeverAnAdmins();
    void refusesTheWrongHashSecret();

private:
    [[nodiscard]] ApiClient admin() const { return ApiClient(m_gatehouse->port(), bearer(m_admin)); }
    [[nodiscard]] QByteArray freshKey(const QByteArray &fields = {}, QByteArray *id = nullptr) const;
    [[nodiscard]] QStringList environment() const
    {
        return {QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                QStringLiteral("GATEHOUSE_AUTH_MODE=required"), QStringLiteral("GATEHOUSE_SERVER_LANES=4")};
    }

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_admin;
};

void AccessKeysTest::init()
{
    m_upstream.setDefaults(behave("tokens=16"));
    m_upstream.setModels({"fake", "other"}); // Before the start, which asks for them.
    m_gatehouse = std::make_unique<GatehouseProcess>(environment());
    m_admin = m_gatehouse->makeAdminKey();
    QVERIFY(m_admin.startsWith("gh_"));
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

QByteArray AccessKeysTest::freshKey(const QByteArray &fields, QByteArray *id) const
{
    const ApiAnswer made = admin().post("/api/keys", R"({"name":"Küche \ud83c\udf73")" + fields + "}");
    if (id)
        *id = made.json()[u"id"].toString().toUtf8();
    return made.json()[u"key"].toString().toUtf8();
}

void AccessKeysTest::showsAKeyOnce()
{
    const ApiAnswer made = admin().post("/api/keys", R"({"name":"Büro","rpm":60,"models":["a/b","c"]})");
    QCOMPARE(made.status, 201);
    const QString key = made.json()[u"key"].toString();
    static const QRegularExpression form(QStringLiteral("^gh_[A-Za-z0-9_-]{43}$"));
    QVERIFY2(form.match(key).hasMatch(), qPrintable(key));
    static const QRegularExpression uuid(QStringLiteral("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"));
    QVERIFY(uuid.match(made.json()[u"id"].toString()).hasMatch());
    QCOMPARE(made.json()[u"name"].toString(), QStringLiteral("Büro"));
    QCOMPARE(made.json()[u"role"].toString(), QStringLiteral("user"));
    QCOMPARE(made.json()[u"rpm"].toInt(), 60);
    QVERIFY(made.json()[u"tpm"].isNull());
    QCOMPARE(made.json()[u"models"].toArray().size(), 2);
    QVERIFY(made.json()[u"is_active"].toBool());

    const ApiAnswer list = admin().get("/api/keys");
    QCOMPARE(list.json()[u"data"].toArray().size(), 2);
    QVERIFY(!list.body.contains("gh_"));
    const ApiAnswer one = admin().get("/api/keys/" + made.json()[u"id"].toString().toUtf8());
    QCOMPARE(one.json()[u"name"].toString(), QStringLiteral("Büro"));
    QVERIFY(!one.body.contains("gh_"));
}

void AccessKeysTest::refusesBadFields_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("param");
    QTest::newRow("no name") << QByteArray(R"({"rpm":1})") << QStringLiteral("name");
    QTest::newRow("empty name") << QByteArray(R"({"name":""})") << QStringLiteral("name");
    QTest::newRow("number as a name") << QByteArray(R"({"name":5})") << QStringLiteral("name");
    QTest::newRow("long name") << object({{QStringLiteral("name"), QString(300, u'x')}})
                               << QStringLiteral("name");
    QTest::newRow("zero") << QByteArray(R"({"name":"x","rpm":0})") << QStringLiteral("rpm");
    QTest::newRow("negative") << QByteArray(R"({"name":"x","tpm":-5})") << QStringLiteral("tpm");
    QTest::newRow("fraction") << QByteArray(R"({"name":"x","rate_limit":1.5})")
                              << QStringLiteral("rate_limit");
    QTest::newRow("text") << QByteArray(R"({"name":"x","max_concurrent":"2"})")
                          << QStringLiteral("max_concurrent");
    QTest::newRow("huge") << QByteArray(R"({"name":"x","monthly_tokens":1e300})")
                          << QStringLiteral("monthly_tokens");
    QTest::newRow("role") << QByteArray(R"({"name":"x","role":"root"})") << QStringLiteral("role");
    QTest::newRow("models") << QByteArray(R"({"name":"x","models":"a"})") << QStringLiteral("models");
    QTest::newRow("a model") << QByteArray(R"({"name":"x","models":["a",5]})") << QStringLiteral("models[1]");
    QTest::newRow("date") << QByteArray(R"({"name":"x","expires_at":"soon"})")
                          << QStringLiteral("expires_at");
    QTest::newRow("misspelled") << QByteArray(R"({"name":"x","rmp":5})") << QStringLiteral("rmp");
    QTest::newRow("hash") << QByteArray(R"({"name":"x","hash":"aa"})") << QStringLiteral("hash");
    QTest::newRow("no object") << QByteArray("[]") << QString();
    QTest::newRow("no JSON") << QByteArray("{") << QString();
}

void AccessKeysTest::refusesBadFields()
{
    QFETCH(const QByteArray, body);
    QFETCH(const QString, param);
    const ApiAnswer answer = admin().post("/api/keys", body);
    QCOMPARE(answer.status, 400);
    QCOMPARE(answer.json()[u"error"][u"param"].toString(), param);
    QCOMPARE(admin().get("/api/keys").json()[u"data"].toArray().size(), 1);
}

void AccessKeysTest::changesWhatIsMentioned()
{
    QByteArray id;
    const QByteArray key = freshKey(R"(,"rpm":7,"tpm":9000)", &id);
    const ApiAnswer changed = admin().ask("PATCH", "/api/keys/" + id, R"({"rpm":null,"name":"anders"})");
    QCOMPARE(changed.status, 200);
    QVERIFY(changed.json()[u"rpm"].isNull());
    QCOMPARE(changed.json()[u"tpm"].toInt(), 9000);
    QCOMPARE(changed.json()[u"name"].toString(), QStringLiteral("anders"));
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(key)).get("/v1/models").status, 200);
    QCOMPARE(admin().ask("PATCH", "/api/keys/nobody", "{}").status, 404);
    QCOMPARE(admin().ask("DELETE", "/api/keys/nobody").status, 404);
    QCOMPARE(admin().ask("DELETE", "/api/keys/" + id).status, 200);
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(key)).get("/v1/models").status, 401);
}

void AccessKeysTest::boundsRequestsAMinute()
{
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(R"(,"rpm":3)")));
    for (int left = 2; left >= 0; --left) {
        const ApiAnswer answer = user.chat();
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.headers.value("x-ratelimit-limit-requests"), QByteArray("3"));
        QCOMPARE(answer.headers.value("x-ratelimit-remaining-requests"), QByteArray::number(left));
    }
    const ApiAnswer refused = user.chat(true);
    QCOMPARE(refused.status, 429);
    QCOMPARE(refused.errorCode(), QByteArray("rate_limit_exceeded"));
    const int wait = refused.headers.value("retry-after").toInt();
    QVERIFY2(wait > 50 && wait <= 60, refused.headers.value("retry-after").constData());
    QCOMPARE(refused.headers.value("x-ratelimit-remaining-requests"), QByteArray("0"));
}

void AccessKeysTest::boundsTokensAMinute()
{
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(R"(,"tpm":100)")));
    const ApiAnswer first = user.chat(false, R"(,"max_tokens":60)");
    QCOMPARE(first.status, 200);
    QCOMPARE(first.headers.value("x-ratelimit-limit-tokens"), QByteArray("100"));
    const int used = first.json()[u"usage"][u"total_tokens"].toInt();
    QVERIFY(used > 0 && used < 60);
    // The reservation of the first one gave back what it didn't need.
    const ApiAnswer second = user.chat(false, R"(,"max_tokens":60)");
    QCOMPARE(second.status, 200);
    const int left = second.headers.value("x-ratelimit-remaining-tokens").toInt();
    QVERIFY2(left < 100 - used, second.headers.value("x-ratelimit-remaining-tokens").constData());
    ApiAnswer answer = second;
    for (int i = 0; i < 20 && answer.status == 200; ++i)
        answer = user.chat(false, R"(,"max_tokens":60)");
    QCOMPARE(answer.status, 429);
    QVERIFY(answer.headers.value("retry-after").toInt() >= 1);
    QVERIFY(answer.headers.value("retry-after").toInt() <= 60);
}

void AccessKeysTest::boundsConcurrency()
{
    m_upstream.setDefaults(behave("tokens=100000,interval=5"));
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(R"(,"max_concurrent":2)")));
    RawClient first(m_gatehouse->port());
    RawClient second(m_gatehouse->port());
    for (RawClient *client : {&first, &second}) {
        QVERIFY(client->send(user.chatRequest(true)));
        QVERIFY(client->readUntil("w2 "));
    }
    QCOMPARE(user.chat().status, 429);
    QCOMPARE(user.get("/v1/models").status, 200); // Which asks no model.
    first.close();
    m_upstream.setDefaults(behave("tokens=4"));
    QTRY_COMPARE(user.chat().status, 200);
}

void AccessKeysTest::boundsTheMonth()
{
    const QByteArray key = freshKey(R"(,"monthly_tokens":60)");
    ApiAnswer answer;
    qint64 used = 0;
    for (int i = 0; i < 20; ++i) {
        answer = ApiClient(m_gatehouse->port(), bearer(key)).chat(false, R"(,"max_tokens":16)");
        if (answer.status != 200)
            break;
        used += answer.json()[u"usage"][u"total_tokens"].toInt();
    }
    QCOMPARE(answer.status, 429);
    QCOMPARE(answer.errorCode(), QByteArray("insufficient_quota"));
    // The answer in which the budget runs out is still finished.
    QVERIFY2(used >= 60 - 23 && used < 60 + 23, QByteArray::number(used).constData());
    // Neither a restart nor a crash forgives it.
    m_gatehouse->kill();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    answer = ApiClient(m_gatehouse->port(), bearer(key)).chat(false, R"(,"max_tokens":16)");
    QCOMPARE(answer.status, 429);
}

void AccessKeysTest::allowsSomeModelsOnly()
{
    const ApiClient user(m_gatehouse->port(), bearer(freshKey(R"(,"models":["other"])")));
    const ApiAnswer refused = user.chat();
    QCOMPARE(refused.status, 403);
    QCOMPARE(refused.json()[u"error"][u"param"].toString(), QStringLiteral("model"));
    const QJsonArray models = user.get("/v1/models").json()[u"data"].toArray();
    QCOMPARE(models.size(), 1);
    QCOMPARE(models.first()[u"id"].toString(), QStringLiteral("other"));
    QCOMPARE(user.get("/v1/models/fake").status, 404);
    QCOMPARE(user.get("/v1/models/other").status, 200);
    QCOMPARE(admin().chat().status, 200);
}

void AccessKeysTest::endsStreamsOfARevokedKey_data()
{
    QTest::addColumn<bool>("byCommandLine");
    QTest::newRow("API") << false;
    QTest::newRow("command line") << true;
}

void AccessKeysTest::endsStreamsOfARevokedKey()
{
    QFETCH(const bool, byCommandLine);
    m_upstream.setDefaults(behave("tokens=100000,interval=2"));
    QByteArray id;
    const ApiClient user(m_gatehouse->port(), bearer(freshKey({}, &id)));
    const ApiClient other(m_gatehouse->port(), bearer(freshKey()));
    RawClient stream(m_gatehouse->port());
    RawClient folded(m_gatehouse->port());
    RawClient kept(m_gatehouse->port());
    QVERIFY(stream.send(user.chatRequest(true)) && stream.readUntil("w2 "));
    QVERIFY(folded.send(user.chatRequest(false)));
    QVERIFY(kept.send(other.chatRequest(true)) && kept.readUntil("w2 "));
    QTRY_COMPARE(m_upstream.totals().openAnswers, quint64(3));
    if (byCommandLine)
        QCOMPARE(m_gatehouse->run({QStringLiteral("key"), QStringLiteral("revoke"), QString::fromLatin1(id)})
                     .exitCode,
                 0);
    else
        QCOMPARE(admin().ask("PATCH", "/api/keys/" + id, R"({"is_active":false})").status, 200);
    QVERIFY(stream.readUntilClosed(5000));
    QVERIFY2(stream.received().contains("invalid_api_key"), stream.received().right(300).constData());
    QVERIFY(!stream.received().contains("[DONE]"));
    QVERIFY(folded.readUntilClosed(5000));
    QVERIFY2(folded.received().startsWith("HTTP/1.1 401"), folded.received().left(200).constData());
    QTRY_COMPARE(m_upstream.totals().openAnswers, quint64(1));
    QVERIFY(kept.readUntil("w200 "));
}

void AccessKeysTest::takesKeysFromTheCommandLineAtOnce()
{
    const auto added =
        m_gatehouse->run({QStringLiteral("key"), QStringLiteral("add"), QStringLiteral("--name"),
                          QStringLiteral("later"), QStringLiteral("--rpm"), QStringLiteral("5")});
    QVERIFY2(added.exitCode == 0, added.err.constData());
    const ApiClient user(m_gatehouse->port(), bearer(added.out.trimmed()));
    QTRY_COMPARE_WITH_TIMEOUT(user.get("/v1/models").status, 200, 3000);
    const auto list = m_gatehouse->run({QStringLiteral("key"), QStringLiteral("list")});
    QVERIFY(list.out.contains("later"));
    QVERIFY(!list.out.contains("gh_"));
}

void AccessKeysTest::endsStreamsOfAnExpiredKey()
{
    m_upstream.setDefaults(behave("tokens=100000,interval=2"));
    const QString soon = QDateTime::currentDateTimeUtc().addMSecs(700).toString(Qt::ISODateWithMs);
    const ApiClient user(m_gatehouse->port(),
                         bearer(freshKey(",\"expires_at\":\"" + soon.toLatin1() + "\"")));
    RawClient stream(m_gatehouse->port());
    QVERIFY(stream.send(user.chatRequest(true)) && stream.readUntil("w2 "));
    QVERIFY(stream.readUntilClosed(5000));
    QVERIFY2(stream.received().contains("invalid_api_key"), stream.received().right(300).constData());
    QCOMPARE(user.get("/v1/models").status, 401);
}

void AccessKeysTest::survivesARestart()
{
    const QByteArray key = freshKey();
    m_gatehouse->kill();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(key)).chat().status, 200);
}

void AccessKeysTest::readsNoLargeBodyOfStrangers()
{
    const QByteArray head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                            "application/json\r\nContent-Length: 16000000\r\n";
    RawClient stranger(m_gatehouse->port());
    QVERIFY(stranger.send(head + "\r\n"));
    QVERIFY(stranger.readUntil("invalid_api_key"));
    QVERIFY2(stranger.received().startsWith("HTTP/1.1 401"), stranger.received().constData());
    RawClient publicPath(m_gatehouse->port());
    QVERIFY(publicPath.send(QByteArray(head).replace("/v1/chat/completions", "/auth/token") + "\r\n"));
    QVERIFY(publicPath.readUntil("\r\n\r\n"));
    QVERIFY2(publicPath.received().startsWith("HTTP/1.1 413"), publicPath.received().constData());
    RawClient known(m_gatehouse->port());
    QVERIFY(known.send(head + bearer(freshKey()) + "Expect: 100-continue\r\n\r\n"));
    QVERIFY(known.readUntil("100 Continue"));
    QTRY_COMPARE(admin().get("/api/requests?status=401").json()[u"data"].toArray().size(), 1);
}

void AccessKeysTest::opensPathsButNeverAnAdmins()
{
    GatehouseProcess open(
        environment() + QStringList{QStringLiteral("GATEHOUSE_AUTH_PUBLIC=[\"/v1/models\",\"/api/keys\"]")});
    QVERIFY2(open.start(), qPrintable(open.why()));
    QCOMPARE(ApiClient(open.port()).get("/v1/models").status, 200);
    QCOMPARE(ApiClient(open.port()).get("/api/stats").status, 401);
    QCOMPARE(ApiClient(open.port()).get("/api/keys").status, 401);
}

void AccessKeysTest::refusesTheWrongHashSecret()
{
    m_gatehouse->process().terminate();
    QVERIFY(m_gatehouse->process().waitForFinished());
    QFile secret(m_gatehouse->folder() + QStringLiteral("/gatehouse/key-hash.secret"));
    QVERIFY(secret.exists());
    QCOMPARE(int(secret.permissions() & (QFile::ReadGroup | QFile::ReadOther)), 0);
    QVERIFY(secret.remove());
    QVERIFY(!m_gatehouse->start());
    QVERIFY2(m_gatehouse->why().contains(QStringLiteral("key")), qPrintable(m_gatehouse->why()));
}

QTEST_GUILESS_MAIN(AccessKeysTest)
#include "tst_access_keys.moc"

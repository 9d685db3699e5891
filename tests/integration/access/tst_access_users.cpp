// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "../program/raw_client.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QTest>

#include <memory>

using namespace gatehouse;

/// People who log in by name and password.
class AccessUsersTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void logsInAndOut();
    void refusesBadBodies_data();
    void refusesBadBodies();
    void sharesTheSessionOfAKey();
    void takesUsersFromTheCommandLine();
    void keepsTheDoorOpenWhileItHashes();
    void slowsGuessersDown();

private:
    [[nodiscard]] ApiAnswer logIn(const QByteArray &name, const QByteArray &password) const
    {
        return ApiClient(m_gatehouse->port())
            .post("/auth/token", object({{QStringLiteral("username"), QString::fromUtf8(name)},
                                         {QStringLiteral("password"), QString::fromUtf8(password)}}));
    }
    [[nodiscard]] ApiClient admin() const { return ApiClient(m_gatehouse->port(), bearer(m_admin)); }
    [[nodiscard]] ApiClient as(const ApiAnswer &loggedIn) const
    {
        return ApiClient(m_gatehouse->port(), bearer(loggedIn.json()[u"access_token"].toString().toUtf8()));
    }

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    std::unique_ptr<GatehouseProcess> m_gatehouse;
    QByteArray m_admin;
};

void AccessUsersTest::initTestCase()
{
    m_gatehouse = std::make_unique<GatehouseProcess>(QStringList{
        QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
        QStringLiteral("GATEHOUSE_AUTH_MODE=required"), QStringLiteral("ACCESS_TOKEN_EXPIRE_MINUTES=5")});
    m_admin = m_gatehouse->makeAdminKey();
    QVERIFY2(m_gatehouse->start(), qPrintable(m_gatehouse->why()));
}

void AccessUsersTest::logsInAndOut()
{
    const ApiAnswer made =
        admin().post("/api/users", R"({"username":"Zoë","password":"correct horse battery","role":"admin"})");
    QCOMPARE(made.status, 201);
    QVERIFY(!made.body.contains("password"));
    QVERIFY(!admin().get("/api/users").body.contains("argon2"));

    const ApiAnswer in = logIn("Zoë", "correct horse battery");
    QCOMPARE(in.status, 200);
    QCOMPARE(in.json()[u"token_type"].toString(), QStringLiteral("bearer"));
    QCOMPARE(in.json()[u"expires_in"].toInt(), 300);
    QCOMPARE(in.headers.value("cache-control"), QByteArray("no-store"));
    QCOMPARE(as(in).get("/api/keys").status, 200);
    QCOMPARE(as(in).chat().status, 200);

    QCOMPARE(logIn("Zoë", "correct horse batterY").status, 401);
    QCOMPARE(logIn("zoë", "correct horse battery").status, 401);
    QCOMPARE(logIn("nobody", "correct horse battery").body, logIn("Zoë", "wrong").body);

    // What a token may do follows the user, not the token.
    const QByteArray path = "/api/users/" + made.json()[u"id"].toString().toUtf8();
    QCOMPARE(admin().get(path).json()[u"username"].toString(), QStringLiteral("Zoë"));
    QCOMPARE(admin().ask("PATCH", path, R"({"password":""})").status, 400);
    QCOMPARE(admin().ask("PATCH", path, R"({"role":"user"})").status, 200);
    QCOMPARE(as(in).get("/api/keys").status, 403);
    QCOMPARE(admin().ask("PATCH", path, R"({"password":"another long word"})").status, 200);
    QCOMPARE(logIn("Zoë", "correct horse battery").status, 401);
    QCOMPARE(logIn("Zoë", "another long word").status, 200);
    QCOMPARE(admin().ask("PATCH", path, R"({"is_active":false})").status, 200);
    QCOMPARE(as(in).get("/v1/models").status, 401);
    QCOMPARE(logIn("Zoë", "another long word").status, 401);
    QCOMPARE(admin().ask("DELETE", path).status, 200);
    QCOMPARE(admin().ask("DELETE", path).status, 404);
}

void AccessUsersTest::refusesBadBodies_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("param");
    const auto row = [](const char *name, const char *target, const QByteArray &body, const char *param) {
        QTest::newRow(name) << QByteArray(target) << body << QString::fromLatin1(param);
    };
    row("no name", "/api/users", R"({"password":"long enough"})", "username");
    row("no password", "/api/users", R"({"username":"x"})", "password");
    row("short password", "/api/users", R"({"username":"x","password":"short"})", "password");
    row("role", "/api/users", R"({"username":"x","password":"long enough","role":7})", "role");
    row("unknown", "/api/users", R"({"username":"x","password":"long enough","admin":true})", "admin");
    row("token of nothing", "/auth/token", "{}", "username");
    row("token without password", "/auth/token", R"({"username":"x"})", "password");
    row("token of a number", "/auth/token", R"({"api_key":5})", "api_key");
    row("token of a novel", "/auth/token", object({{QStringLiteral("api_key"), QString(5000, u'x')}}),
        "api_key");
}

void AccessUsersTest::refusesBadBodies()
{
    QFETCH(const QByteArray, target);
    QFETCH(const QByteArray, body);
    QFETCH(const QString, param);
    const ApiAnswer answer = admin().post(target, body);
    QCOMPARE(answer.status, 400);
    QCOMPARE(answer.json()[u"error"][u"param"].toString(), param);
    QVERIFY(answer.json()[u"detail"].isString());
}

void AccessUsersTest::sharesTheSessionOfAKey()
{
    const ApiAnswer made = admin().post("/api/keys", R"({"name":"k","rpm":2})");
    const ApiAnswer in = ApiClient(m_gatehouse->port())
                             .post("/auth/token", object({{QStringLiteral("api_key"), made.json()[u"key"]}}));
    QCOMPARE(in.status, 200);
    QCOMPARE(as(in).chat().status, 200);
    QCOMPARE(ApiClient(m_gatehouse->port(), bearer(made.json()[u"key"].toString().toUtf8())).chat().status,
             200);
    QCOMPARE(as(in).chat().status, 429); // The token has the key's limits, not some of its own.
}

void AccessUsersTest::takesUsersFromTheCommandLine()
{
    const auto user = [this](const QStringList &words, const QByteArray &input = {}) {
        return m_gatehouse->run(QStringList{QStringLiteral("user")} + words, input);
    };
    const auto added = user({QStringLiteral("add"), QStringLiteral("cli")}, "typed in secret\n");
    QVERIFY2(added.exitCode == 0, added.err.constData());
    QVERIFY(!added.out.contains("secret") && !added.err.contains("secret"));
    QTRY_COMPARE_WITH_TIMEOUT(logIn("cli", "typed in secret").status, 200, 5000);
    QVERIFY(user({QStringLiteral("list")}).out.contains("cli"));
    QVERIFY(user({QStringLiteral("add"), QStringLiteral("cli")}, "typed in secret\n").exitCode != 0);
    QCOMPARE(user({QStringLiteral("remove"), QStringLiteral("cli")}).exitCode, 0);
    QTRY_COMPARE_WITH_TIMEOUT(logIn("cli", "typed in secret").status, 401, 5000);
}

void AccessUsersTest::keepsTheDoorOpenWhileItHashes()
{
    // A lane that hashed a password itself would answer nobody for a tenth of a second.
    const QByteArray guess =
        RawClient::post("/auth/token", object({{QStringLiteral("username"), QStringLiteral("x")},
                                               {QStringLiteral("password"), QStringLiteral("guessed it")}}));
    std::vector<std::unique_ptr<RawClient>> guesses;
    for (int i = 0; i < 8; ++i) {
        guesses.push_back(std::make_unique<RawClient>(m_gatehouse->port()));
        QVERIFY(guesses.back()->send(guess));
    }
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 20; ++i)
        QCOMPARE(ApiClient(m_gatehouse->port()).get("/healthz").status, 200);
    const qint64 whileHashing = timer.elapsed();
    for (const auto &client : guesses)
        QVERIFY(client->readUntil("invalid_credentials"));
    QVERIFY2(whileHashing < timer.elapsed(), "the answers came after all the hashing");
}

void AccessUsersTest::slowsGuessersDown()
{
    const QByteArray guess = object({{QStringLiteral("username"), QStringLiteral("x")},
                                     {QStringLiteral("password"), QStringLiteral("guess")}});
    const ApiClient guesser(m_gatehouse->port(), "X-Forwarded-For: 203.0.113.77\r\n");
    const ApiClient other(m_gatehouse->port(), "X-Forwarded-For: 203.0.113.78\r\n");
    int tried = 0;
    ApiAnswer answer;
    for (int i = 0; i < 60 && answer.status != 429; ++i) {
        answer = guesser.post("/auth/token", guess);
        tried += answer.status == 401 ? 1 : 0;
    }
    QCOMPARE(answer.status, 429);
    QVERIFY(answer.headers.value("retry-after").toInt() >= 1);
    QVERIFY2(tried <= 30, qPrintable(QString::number(tried)));
    QCOMPARE(other.post("/auth/token", guess).status, 401);
}

QTEST_GUILESS_MAIN(AccessUsersTest)
#include "tst_access_users.moc"

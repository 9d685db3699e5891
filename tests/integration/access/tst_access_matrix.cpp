// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QMessageAuthenticationCode>
#include <QTest>

#include <memory>

using namespace gatehouse;

namespace {

const QByteArray secretKey = "a-secret-that-only-the-test-knows-0123456789";
const QByteArray demoAdmin = "demo-admin-key-of-the-test";
const QByteArray demoUser = "demo-user-key-of-the-test";
const QByteArray staticKey = "static-key-of-the-test";

/// What a credential is worth.
enum class Worth {
    Nothing, ///< None, or words that are no key of anybody's.
    Refused, ///< Meant as a credential, and not valid.
    User,
    Admin,
};

enum class Needs { Nobody, Caller, Admin, OwnKey };

QByteArray base64Url(const QByteArray &bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

QByteArray token(const QByteArray &header, const QJsonObject &claims, const QByteArray &secret,
                 QCryptographicHash::Algorithm algorithm = QCryptographicHash::Sha256)
{
    const QByteArray signedPart =
        base64Url(header) + '.' + base64Url(QJsonDocument(claims).toJson(QJsonDocument::Compact));
    return signedPart + '.' + base64Url(QMessageAuthenticationCode::hash(signedPart, secret, algorithm));
}

/// The claims of a token that Gatehouse has made.
QJsonObject claimsOf(const QByteArray &jwt)
{
    return QJsonDocument::fromJson(
               QByteArray::fromBase64(jwt.split('.').at(1), QByteArray::Base64UrlEncoding))
        .object();
}

} // namespace

/// Endpoint × credential × mode × where the caller sits (contract §4), every combination.
class AccessMatrixTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void decides_data();
    void decides();

private:
    struct Credential
    {
        QByteArray name;
        QByteArray header;
        Worth worth;
    };
    struct Endpoint
    {
        QByteArray method;
        QByteArray target;
        Needs needs;
        QByteArray body = {};
        int success = 200;
    };

    void makeCredentials(const GatehouseProcess &gatehouse);
    void makeTokens(const ApiClient &admin);
    void add(const QByteArray &name, const QByteArray &header, Worth worth)
    {
        m_credentials.append({name, header, worth});
    }
    [[nodiscard]] QList<Endpoint> endpoints() const;
    [[nodiscard]] QByteArray freshKey(const ApiClient &admin, const QByteArray &fields,
                                      QByteArray *id = nullptr);
    static int expected(const Endpoint &endpoint, const Credential &credential, const QByteArray &mode,
                        bool isNeighbour);

    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QList<Credential> m_credentials;
    QByteArray m_userKeyId;
    int m_asked = 0;
};

void AccessMatrixTest::decides_data()
{
    QTest::addColumn<QByteArray>("mode");
    for (const char *mode : {"required", "local", "off"})
        QTest::addRow("%s", mode) << QByteArray(mode);
}

void AccessMatrixTest::decides()
{
    QFETCH(const QByteArray, mode);
    GatehouseProcess gatehouse({QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString(),
                                QStringLiteral("GATEHOUSE_AUTH_MODE=") + QString::fromLatin1(mode),
                                QStringLiteral("SECRET_KEY=") + QString::fromLatin1(secretKey),
                                QStringLiteral("DEMO_ADMIN_KEY=") + QString::fromLatin1(demoAdmin),
                                QStringLiteral("DEMO_USER_KEY=") + QString::fromLatin1(demoUser),
                                QStringLiteral("API_KEY=") + QString::fromLatin1(staticKey)});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    makeCredentials(gatehouse);
    QVERIFY(m_credentials.size() > 20);
    for (const Credential &credential : std::as_const(m_credentials)) {
        for (const Endpoint &endpoint : endpoints()) {
            for (const bool isNeighbour : {true, false}) {
                // Everybody from elsewhere has an address of their own, or the limits would answer.
                const QByteArray address = "198.51." + QByteArray::number(m_asked / 250 % 250) + '.' +
                                           QByteArray::number(m_asked % 250);
                ++m_asked;
                const QByteArray origin = isNeighbour ? QByteArray() : "X-Forwarded-For: " + address + "\r\n";
                const ApiClient client(gatehouse.port(), credential.header + origin);
                const ApiAnswer answer = client.ask(endpoint.method, endpoint.target, endpoint.body);
                const int wanted = expected(endpoint, credential, mode, isNeighbour);
                const QByteArray place = endpoint.method + ' ' + endpoint.target + " by " + credential.name +
                                         (isNeighbour ? " beside" : " from elsewhere") + ": " +
                                         QByteArray::number(answer.status) + " instead of " +
                                         QByteArray::number(wanted) + ' ' + answer.body.left(200);
                QVERIFY2(answer.status == wanted, place.constData());
                QCOMPARE(answer.headers.value("x-content-type-options"), QByteArray("nosniff"));
                if (answer.status == 401)
                    QCOMPARE(answer.headers.value("www-authenticate"), QByteArray("Bearer"));
            }
        }
    }
}

void AccessMatrixTest::makeCredentials(const GatehouseProcess &gatehouse)
{
    m_credentials.clear();
    const ApiClient admin(gatehouse.port(), bearer(demoAdmin));
    add("nothing", {}, Worth::Nothing);
    add("somebody's word", bearer("sk-none"), Worth::Nothing);
    add("a wrong key", bearer("gh_" + QByteArray(43, 'A')), Worth::Refused);
    add("a wrong x-api-key", "x-api-key: gh_" + QByteArray(43, 'B') + "\r\n", Worth::Refused);
    add("another scheme", "Authorization: Basic YTpi\r\n", Worth::Nothing);
    QByteArray id;
    const QByteArray user = freshKey(admin, {}, &m_userKeyId);
    add("user key", bearer(user), Worth::User);
    add("user x-api-key", "X-API-Key: " + user + "\r\n", Worth::User);
    add("another user's key", bearer(freshKey(admin, {})), Worth::User);
    add("admin key", bearer(freshKey(admin, R"(,"role":"admin")")), Worth::Admin);
    add("expired key", bearer(freshKey(admin, R"(,"expires_at":"2020-01-01T00:00:00Z")")), Worth::Refused);
    const QByteArray revoked = freshKey(admin, R"(,"role":"admin")", &id);
    QCOMPARE(admin.ask("PATCH", "/api/keys/" + id, R"({"is_active":false})").status, 200);
    add("revoked key", bearer(revoked), Worth::Refused);
    const QByteArray deleted = freshKey(admin, {}, &id);
    QCOMPARE(admin.ask("DELETE", "/api/keys/" + id).status, 200);
    add("deleted key", bearer(deleted), Worth::Refused);
    add("demo admin", bearer(demoAdmin), Worth::Admin);
    add("demo user", bearer(demoUser), Worth::User);
    add("static key", bearer(staticKey), Worth::User);
    makeTokens(admin);
}

void AccessMatrixTest::makeTokens(const ApiClient &admin)
{
    QByteArray id;
    const QByteArray adminKey = freshKey(admin, R"(,"role":"admin")", &id);
    const auto tokenOf = [&admin](const QByteArray &key) {
        return admin.post("/auth/token", object({{QStringLiteral("api_key"), QString::fromLatin1(key)}}))
            .json()[u"access_token"]
            .toString()
            .toUtf8();
    };
    const QByteArray jwt = tokenOf(adminKey);
    const QByteArray hs256 = R"({"alg":"HS256","typ":"JWT"})";
    const QJsonObject claims = claimsOf(jwt);
    add("admin's JWT", bearer(jwt), Worth::Admin);
    add("user's JWT", bearer(tokenOf(freshKey(admin, {}))), Worth::User);
    // The same form, signed here, is taken: so that the ones below are refused for what is wrong with them.
    add("JWT of the right secret", bearer(token(hs256, claims, secretKey)), Worth::Admin);
    add("JWT of another secret", bearer(token(hs256, claims, "another")), Worth::Refused);
    add("JWT without a signature", bearer(token(R"({"alg":"none"})", claims, secretKey).chopped(43)),
        Worth::Refused);
    add("JWT by HS512",
        bearer(token(R"({"alg":"HS512","typ":"JWT"})", claims, secretKey, QCryptographicHash::Sha512)),
        Worth::Refused);
    add("JWT that says RS256", bearer(token(R"({"alg":"RS256","typ":"JWT"})", claims, secretKey)),
        Worth::Refused);
    QJsonObject late = claims;
    late[u"exp"] = QDateTime::currentSecsSinceEpoch() - 10;
    add("expired JWT", bearer(token(hs256, late, secretKey)), Worth::Refused);
    QJsonObject endless = claims;
    endless.remove(u"exp");
    add("JWT without an end", bearer(token(hs256, endless, secretKey)), Worth::Refused);
    QJsonObject stranger = claims;
    stranger[u"sub"] = QStringLiteral("00000000-0000-4000-8000-000000000000");
    add("JWT of nobody", bearer(token(hs256, stranger, secretKey)), Worth::Refused);
    const QByteArray revoked = freshKey(admin, R"(,"role":"admin")", &id);
    const QByteArray revokedToken = tokenOf(revoked);
    QCOMPARE(admin.ask("PATCH", "/api/keys/" + id, R"({"is_active":false})").status, 200);
    add("JWT of a revoked key", bearer(revokedToken), Worth::Refused);
}

QByteArray AccessMatrixTest::freshKey(const ApiClient &admin, const QByteArray &fields, QByteArray *id)
{
    const ApiAnswer made = admin.post("/api/keys", R"({"name":"one")" + fields + "}");
    if (id)
        *id = made.json()[u"id"].toString().toUtf8();
    return made.json()[u"key"].toString().toUtf8();
}

QList<AccessMatrixTest::Endpoint> AccessMatrixTest::endpoints() const
{
    const QByteArray chat = R"({"messages":[{"role":"user","content":"Hi"}]})";
    const QByteArray login = object({{QStringLiteral("api_key"), QString::fromLatin1(staticKey)}});
    return {{"GET", "/healthz", Needs::Nobody},
            {"POST", "/auth/token", Needs::Nobody, login},
            {"GET", "/v1/models", Needs::Caller},
            {"GET", "/metrics", Needs::Caller},
            {"POST", "/v1/chat/completions", Needs::Caller, chat},
            {"GET", "/api/stats", Needs::Caller},
            {"GET", "/api/stats?key_id=" + m_userKeyId, Needs::OwnKey},
            {"GET", "/api/keys", Needs::Admin},
            {"POST", "/api/keys", Needs::Admin, R"({"name":"made in passing"})", 201},
            {"GET", "/api/users", Needs::Admin},
            {"GET", "/api/requests?limit=1", Needs::Admin}};
}

int AccessMatrixTest::expected(const Endpoint &endpoint, const Credential &credential, const QByteArray &mode,
                               bool isNeighbour)
{
    if (endpoint.needs == Needs::Nobody)
        return endpoint.success;
    const bool needsNone = mode == "off" || (mode == "local" && isNeighbour);
    const bool isKnown = credential.worth == Worth::User || credential.worth == Worth::Admin;
    if (endpoint.needs == Needs::Admin)
        return credential.worth == Worth::Admin ? endpoint.success : isKnown ? 403 : 401;
    if (credential.worth == Worth::Refused || (!isKnown && !needsNone))
        return 401;
    const bool owns = credential.worth == Worth::Admin || credential.name.startsWith("user key") ||
                      credential.name.startsWith("user x-api-key");
    return endpoint.needs == Needs::OwnKey && !owns ? 403 : endpoint.success;
}

QTEST_GUILESS_MAIN(AccessMatrixTest)
#include "tst_access_matrix.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/credential_gate.h"
#include "unit/admission/forged_token.h"
#include "unit/admission/manual_clock.h"

#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// What a credential is worth, whatever it is written in.
enum class Worth {
    Nothing, ///< None at all, or a text that nobody can have meant for us.
    Invalid, ///< Once valid, or in the form of one that is.
    User,
    Admin,
};

struct Shown
{
    const char *name;
    QByteArray text;
    Worth worth;
    QByteArray callerId = {};
};

struct Place
{
    const char *name;
    const char *peer;
    const char *forwardedFor;
    const char *host;
    bool isNeighbour;
};

const QList<Place> places{
    {"near", "127.0.0.1", "", "localhost:8000", true},
    {"near, IPv6", "::1", "", "[::1]:8000", true},
    {"near, mapped", "::ffff:127.0.0.1", "", "", true},
    {"near, through a proxy", "127.0.0.1", "127.0.0.1", "localhost", true},
    {"far", "192.168.1.5", "", "localhost:8000", false},
    {"far, claiming to be near", "192.168.1.5", "127.0.0.1", "localhost:8000", false},
    {"rebound name", "127.0.0.1", "", "evil.example:8000", false},
    {"far, through a proxy", "127.0.0.1", "192.168.1.5", "localhost", false},
    {"far, forged through a proxy", "127.0.0.1", "127.0.0.1, 192.168.1.5", "localhost", false},
    {"unknown, through a proxy", "127.0.0.1", "unknown", "localhost", false},
};

const QByteArray userKey = "gh_" + QByteArray(43, 'u');
const QByteArray adminKey = "gh_" + QByteArray(43, 'a');
const QByteArray revokedKey = "gh_" + QByteArray(43, 'r');
const QByteArray tokenSecret = "the secret of the tokens";

/// A gate over keys and users of every kind.
class GateFixture
{
public:
    GateFixture()
    {
        settings.apiKey = Secret("s3cret");
        settings.demoAdminKey = Secret("demo-a");
        settings.demoUserKey = Secret("demo-u");
        keys = {key("user", userKey),
                key("admin", adminKey, CallerRole::Admin),
                key("revoked", revokedKey, CallerRole::Admin),
                key("expired", "gh_expired"),
                key("ending", "gh_ending"),
                key("odd", "no-form-at-all"),
                key("odd-revoked", "no-form-and-revoked")};
        keys[2].isActive = keys[6].isActive = false;
        keys[3].expiresAt = clock.wallNow();
        keys[4].expiresAt = clock.wallNow() + 1ms;
        users = {user("u-user"), user("u-admin", CallerRole::Admin), user("u-blocked", CallerRole::Admin)};
        users[2].isActive = false;
    }

    [[nodiscard]] CredentialGate gate(AuthMode mode) const
    {
        AuthSettings chosen = settings;
        chosen.mode = mode;
        return CredentialGate(chosen, std::make_shared<const KeyRing>(chosen, hasher, keys, users), hasher,
                              tokens, clock);
    }

    [[nodiscard]] QList<Shown> credentials() const;

    AuthSettings settings;
    ManualClock clock;
    const KeyHasher hasher{Secret("pepper")};
    const std::shared_ptr<const TokenIssuer> tokens =
        std::make_shared<const TokenIssuer>(Secret(tokenSecret), 10min, clock);
    QList<KeyRecord> keys;
    QList<UserRecord> users;

private:
    [[nodiscard]] KeyRecord key(const QByteArray &id, const QByteArray &text,
                                CallerRole role = CallerRole::User) const
    {
        return {.id = id, .name = QString::fromLatin1(id), .role = role, .hash = hasher.hash(text)};
    }
    [[nodiscard]] static UserRecord user(const QByteArray &id, CallerRole role = CallerRole::User)
    {
        return {.id = id, .name = QString::fromLatin1(id), .role = role, .passwordHash = "hash of " + id};
    }
    [[nodiscard]] QByteArray token(const QJsonObject &changes,
                                   const QByteArray &header = R"({"alg":"HS256"})",
                                   const QByteArray &secret = tokenSecret,
                                   QCryptographicHash::Algorithm algorithm = QCryptographicHash::Sha256) const
    {
        const QByteArray stamp = tokenSubject(users.at(0)).stamp;
        QJsonObject all{{QStringLiteral("sub"), QStringLiteral("u-user")},
                        {QStringLiteral("stamp"), QString::fromLatin1(stamp)}};
        for (auto change = changes.begin(); change != changes.end(); ++change)
            all.insert(change.key(), change.value());
        return ForgedToken{.header = header,
                           .payload = claims(clock.wallNow().time_since_epoch() / 1s, all),
                           .secret = secret,
                           .algorithm = algorithm}
            .text();
    }
};

QList<Shown> GateFixture::credentials() const
{
    const KeyRing ring(settings, hasher, keys, users);
    const auto keyToken = [&](const char *id) {
        return tokens->issue(tokenSubject(*ring.keyById(id)));
    };
    const auto userToken = [&](int i) {
        return tokens->issue(tokenSubject(users.at(i)));
    };
    UserRecord renamed = users.at(0);
    renamed.passwordHash = "hash of an older password";
    KeyRecord older = *ring.keyById("static");
    older.hash = hasher.hash("an older API_KEY");
    const QByteArray unsignedToken = userToken(1).left(userToken(1).lastIndexOf('.') + 1);
    const QString sub = QStringLiteral("sub");
    const QString kind = QStringLiteral("kind");
    return {
        {"none", "", Worth::Nothing},
        {"'none'", "none", Worth::Nothing},
        {"somebody else's", "sk-proj-0123456789", Worth::Nothing},
        {"start of the static key", "s3cre", Worth::Nothing},
        {"static key and more", "s3crets3cret", Worth::Nothing},
        {"static key in another case", "S3CRET", Worth::Nothing},
        {"two parts of a token", "eyJhbGciOiJub25lIn0.e30", Worth::Nothing},
        {"latin", "\xe4\xf6\xfc", Worth::Nothing},
        {"user key", userKey, Worth::User, "user"},
        {"admin key", adminKey, Worth::Admin, "admin"},
        {"static key", "s3cret", Worth::User, "static"},
        {"demo admin", "demo-a", Worth::Admin, "demo-admin"},
        {"demo user", "demo-u", Worth::User, "demo-user"},
        {"key of another form", "no-form-at-all", Worth::User, "odd"},
        {"key about to expire", "gh_ending", Worth::User, "ending"},
        {"revoked key", revokedKey, Worth::Invalid},
        {"revoked key of another form", "no-form-and-revoked", Worth::Invalid},
        {"expired key", "gh_expired", Worth::Invalid},
        {"unknown key", "gh_" + QByteArray(43, 'x'), Worth::Invalid},
        {"prefix alone", "gh_", Worth::Invalid},
        {"key but its end", adminKey.chopped(1), Worth::Invalid},
        {"key and more", adminKey + 'a', Worth::Invalid},
        {"key with one other character", adminKey.chopped(1) + 'b', Worth::Invalid},
        {"user's token", userToken(0), Worth::User, "u-user"},
        {"admin's token", userToken(1), Worth::Admin, "u-admin"},
        {"blocked user's token", userToken(2), Worth::Invalid},
        {"token before a change of password", tokens->issue(tokenSubject(renamed)), Worth::Invalid},
        {"token of nobody", token({{sub, QStringLiteral("u-nobody")}}), Worth::Invalid},
        {"user's token as a key's", token({{kind, QStringLiteral("key")}}), Worth::Invalid},
        {"token without a stamp", token({{QStringLiteral("stamp"), QString()}}), Worth::Invalid},
        {"token with a role of its own", token({{QStringLiteral("role"), QStringLiteral("admin")}}),
         Worth::User, "u-user"},
        {"user key's token", keyToken("user"), Worth::User, "user"},
        {"admin key's token", keyToken("admin"), Worth::Admin, "admin"},
        {"static key's token", keyToken("static"), Worth::User, "static"},
        {"token of an older static key", tokens->issue(tokenSubject(older)), Worth::Invalid},
        {"revoked key's token", keyToken("revoked"), Worth::Invalid},
        {"expired key's token", keyToken("expired"), Worth::Invalid},
        {"expired token", token({{QStringLiteral("exp"), 1'800'000'000}}), Worth::Invalid},
        {"token of another issuer", token({{QStringLiteral("iss"), QStringLiteral("evil")}}), Worth::Invalid},
        {"token with alg none", token({}, R"({"alg":"none"})"), Worth::Invalid},
        {"token with alg none, unsigned",
         "eyJhbGciOiJub25lIn0" + unsignedToken.mid(unsignedToken.indexOf('.')), Worth::Invalid},
        {"token without its signature", unsignedToken, Worth::Invalid},
        {"token with HS512", token({}, R"({"alg":"HS512"})", tokenSecret, QCryptographicHash::Sha512),
         Worth::Invalid},
        {"token with RS256", token({}, R"({"alg":"RS256"})"), Worth::Invalid},
        {"token of another secret", token({}, R"({"alg":"HS256"})", "another secret"), Worth::Invalid},
    };
}

Credentials credentialsAt(const Place &place)
{
    return {.peer = QHostAddress(QString::fromLatin1(place.peer)),
            .forwardedFor = place.forwardedFor,
            .authorization = {},
            .apiKey = {},
            .host = place.host};
}

/// What contract §4 says: the caller's id, or `401`, `403`, or `public` for one who was not asked.
QByteArray expected(AuthMode mode, const Place &place, const Shown &shown, Access access)
{
    if (access == Access::Public)
        return "public";
    if (shown.worth == Worth::Admin)
        return shown.callerId;
    if (shown.worth == Worth::User)
        return access == Access::Admin ? QByteArray("403") : shown.callerId;
    if (shown.worth == Worth::Invalid || access == Access::Admin)
        return "401";
    if (mode == AuthMode::Off)
        return "anonymous";
    return mode == AuthMode::Local && place.isNeighbour ? "local" : "401";
}

QByteArray decided(const Result<Caller> &caller)
{
    if (caller)
        return caller->keyId.isEmpty() ? QByteArray("public") : caller->keyId;
    return caller.error().code == ErrorCode::Forbidden ? "403" : "401";
}

} // namespace

class CredentialGateTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void decides_data();
    void decides();
    void readsTheCredential_data();
    void readsTheCredential();
    void everyFailureLooksTheSame();
    void aKeyHoldsUntilItExpires();
    void aTokenHasTheRoleOfNow();
    void whatAWrongKeyCostsSaysNothing();
    void manyThreadsAsk();
    void knowsLocalHostHeaders_data();
    void knowsLocalHostHeaders();

private:
    const GateFixture m_fixture;
};

void CredentialGateTest::decides_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<int>("place");
    const QList<const char *> modes{"required", "local", "off"};
    for (int mode = 0; mode < modes.size(); ++mode) {
        for (int place = 0; place < places.size(); ++place)
            QTest::addRow("%s, %s", modes.at(mode), places.at(place).name) << mode << place;
    }
}

void CredentialGateTest::decides()
{
    QFETCH(int, mode);
    QFETCH(int, place);
    const CredentialGate gate = m_fixture.gate(AuthMode(mode));
    const QList<Shown> credentials = m_fixture.credentials();
    for (const Shown &shown : credentials) {
        for (const Access access : {Access::Public, Access::Caller, Access::Admin}) {
            const QByteArray right = expected(AuthMode(mode), places.at(place), shown, access);
            Credentials asBearer = credentialsAt(places.at(place));
            asBearer.authorization = shown.text.isEmpty() ? QByteArray() : "Bearer " + shown.text;
            Credentials asApiKey = credentialsAt(places.at(place));
            asApiKey.apiKey = shown.text;
            for (const Credentials &request : {asBearer, asApiKey}) {
                const Result<Caller> caller = gate.admit(request, access);
                QVERIFY2(decided(caller) == right,
                         QByteArray(shown.name) + ": " + decided(caller) + ", not " + right);
                if (!caller || access == Access::Public)
                    continue;
                QVERIFY2(caller->role == (shown.worth == Worth::Admin ? CallerRole::Admin : CallerRole::User),
                         shown.name);
                const bool isKey = !shown.callerId.isEmpty() && !shown.callerId.startsWith("u-");
                QCOMPARE(caller->key ? caller->key->id : QByteArray(), isKey ? shown.callerId : QByteArray());
                QVERIFY(gate.keys().stillAdmits(*caller));
            }
        }
    }
}

void CredentialGateTest::readsTheCredential_data()
{
    QTest::addColumn<QByteArray>("authorization");
    QTest::addColumn<QByteArray>("apiKey");
    QTest::addColumn<QByteArray>("keyId"); // Empty: refused.
    const QByteArray none;
    QTest::newRow("scheme in lower case") << QByteArray("bearer s3cret") << none << QByteArray("static");
    QTest::newRow("scheme in odd case") << QByteArray("bEaReR s3cret") << none << QByteArray("static");
    QTest::newRow("spaces") << QByteArray("Bearer   s3cret ") << none << QByteArray("static");
    QTest::newRow("other scheme") << QByteArray("Basic s3cret") << none << none;
    QTest::newRow("no scheme") << QByteArray("s3cret") << none << none;
    QTest::newRow("scheme alone") << QByteArray("Bearer") << none << none;
    QTest::newRow("empty bearer") << QByteArray("Bearer ") << none << none;
    QTest::newRow("no space") << QByteArray("Bearers3cret") << none << none;
    QTest::newRow("two keys in one") << QByteArray("Bearer s3cret s3cret") << none << none;
    QTest::newRow("x-api-key") << none << QByteArray("s3cret") << QByteArray("static");
    QTest::newRow("x-api-key with spaces") << none << QByteArray(" s3cret ") << QByteArray("static");
    QTest::newRow("x-api-key with a scheme") << none << QByteArray("Bearer s3cret") << none;
    QTest::newRow("both") << QByteArray("Bearer s3cret") << QByteArray("demo-a") << QByteArray("static");
    QTest::newRow("both, bearer wrong") << QByteArray("Bearer gh_x") << QByteArray("s3cret") << none;
    QTest::newRow("other scheme and x-api-key")
        << QByteArray("Basic YTpi") << QByteArray("s3cret") << QByteArray("static");
}

void CredentialGateTest::readsTheCredential()
{
    QFETCH(QByteArray, authorization);
    QFETCH(QByteArray, apiKey);
    QFETCH(QByteArray, keyId);
    Credentials request = credentialsAt(places.first());
    request.authorization = authorization;
    request.apiKey = apiKey;
    const Result<Caller> caller = m_fixture.gate(AuthMode::Required).admit(request, Access::Caller);
    QCOMPARE(caller ? caller->keyId : QByteArray(), keyId);
}

void CredentialGateTest::everyFailureLooksTheSame()
{
    std::optional<Error> first;
    const QList<Shown> credentials = m_fixture.credentials();
    for (const Shown &shown : credentials) {
        for (const AuthMode mode : {AuthMode::Required, AuthMode::Local, AuthMode::Off}) {
            Credentials request = credentialsAt(places.last());
            request.apiKey = shown.text;
            const Result<Caller> caller = m_fixture.gate(mode).admit(request, Access::Admin);
            if (caller || shown.text.isEmpty() || caller.error().code == ErrorCode::Forbidden)
                continue;
            const Error &error = caller.error();
            if (!first)
                first = error;
            QCOMPARE(error.message, first->message);
            QCOMPARE(error.reason, first->reason);
            QCOMPARE(error.detail, first->detail);
            QCOMPARE(error.param, first->param);
            QVERIFY(!(error.message + error.detail).contains(QString::fromLatin1(shown.text)));
        }
    }
    QVERIFY(first);
    const Error none =
        m_fixture.gate(AuthMode::Required).admit(credentialsAt(places.first()), Access::Caller).error();
    QVERIFY(none.message.contains(QStringLiteral("x-api-key"))); // Tells how to show one.
}

void CredentialGateTest::aKeyHoldsUntilItExpires()
{
    GateFixture fixture;
    const CredentialGate gate = fixture.gate(AuthMode::Off);
    Credentials request = credentialsAt(places.first());
    const QByteArray token = fixture.tokens->issue(tokenSubject(fixture.keys.at(4)));
    for (const QByteArray &shown : {QByteArray("gh_ending"), token}) {
        request.apiKey = shown;
        QVERIFY(gate.admit(request, Access::Caller));
    }
    fixture.clock.advance(1ms);
    for (const QByteArray &shown : {QByteArray("gh_ending"), token}) {
        request.apiKey = shown;
        QVERIFY(!gate.admit(request, Access::Caller));
    }
}

void CredentialGateTest::aTokenHasTheRoleOfNow()
{
    GateFixture fixture;
    Credentials request = credentialsAt(places.first());
    request.apiKey = fixture.tokens->issue(tokenSubject(fixture.users.at(1)));
    QVERIFY(fixture.gate(AuthMode::Required).admit(request, Access::Admin));
    fixture.users[1].role = CallerRole::User;
    const Result<Caller> demoted = fixture.gate(AuthMode::Required).admit(request, Access::Admin);
    QVERIFY(!demoted);
    QCOMPARE(demoted.error().code, ErrorCode::Forbidden);
    fixture.users.removeAt(1);
    QCOMPARE(fixture.gate(AuthMode::Required).admit(request, Access::Caller).error().code,
             ErrorCode::Unauthenticated);
}

/// Medians of many interleaved tries, of keys that share nothing with a valid one and of keys that share all
/// but the last character: a comparison that stops early would tell them apart, if only by nanoseconds, so
/// what is asked for here is the absence of a gross difference; the reason for there being none is in the
/// design.
void CredentialGateTest::whatAWrongKeyCostsSaysNothing()
{
    const CredentialGate gate = m_fixture.gate(AuthMode::Required);
    Credentials near = credentialsAt(places.first());
    near.apiKey = adminKey.chopped(1) + 'b';
    Credentials far = near;
    far.apiKey = "gh_" + QByteArray(43, 'x');
    const auto cost = [&gate](const Credentials &request) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 20; ++i) {
            if (gate.admit(request, Access::Caller))
                qFatal("a wrong key was let in");
        }
        return double((std::chrono::steady_clock::now() - start).count());
    };
    QList<double> nearCosts;
    QList<double> farCosts;
    for (int i = 0; i < 1001; ++i) {
        nearCosts.append(cost(near));
        farCosts.append(cost(far));
    }
    std::sort(nearCosts.begin(), nearCosts.end());
    std::sort(farCosts.begin(), farCosts.end());
    const double ratio = nearCosts.at(500) / farCosts.at(500);
    QVERIFY2(ratio > 0.85 && ratio < 1.18, qPrintable(QString::number(ratio)));
}

void CredentialGateTest::manyThreadsAsk()
{
    const CredentialGate gate = m_fixture.gate(AuthMode::Local);
    const QList<Shown> credentials = m_fixture.credentials();
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                for (const Shown &shown : credentials) {
                    Credentials request = credentialsAt(places.last());
                    request.apiKey = shown.text;
                    wrong += decided(gate.admit(request, Access::Caller)) !=
                             expected(AuthMode::Local, places.last(), shown, Access::Caller);
                }
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(wrong.load(), 0);
}

void CredentialGateTest::knowsLocalHostHeaders_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("local");
    for (const char *host : {"localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "127.1.2.3",
                             "[::1]", "[::1]:8000", ""})
        QTest::addRow("%s", host) << QByteArray(host) << true;
    for (const char *host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                             "192.168.1.5:8000", "user@localhost@evil.example"})
        QTest::addRow("%s", host) << QByteArray(host) << false;
}

void CredentialGateTest::knowsLocalHostHeaders()
{
    QFETCH(QByteArray, host);
    QFETCH(bool, local);
    QCOMPARE(isLocalHostHeader(host), local);
}

QTEST_GUILESS_MAIN(CredentialGateTest)
#include "tst_credential_gate.moc"

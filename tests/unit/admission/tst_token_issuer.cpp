// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/token_issuer.h"
#include "unit/admission/forged_token.h"
#include "unit/admission/manual_clock.h"

#include <QJsonArray>
#include <QSet>
#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

class TokenIssuerTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void isVerifiedByAnybodyWithTheSecret();
    void tellsItsSubject_data();
    void tellsItsSubject();
    void holdsForItsLifetime();
    void takesWhatIsMadeElsewhereWithTheSecret();
    void refusesForgeries_data();
    void refusesForgeries();
    void refusesOtherClaims_data();
    void refusesOtherClaims();
    void refusesEveryChangedCharacter();
    void refusesEveryCutAndSplice();
    void survivesGarbage();
    void hasOneErrorForEverything();
    void knowsTheFormOfAToken_data();
    void knowsTheFormOfAToken();
    void withoutASecretThereIsNothing();
    void manyThreadsVerify();

private:
    [[nodiscard]] qint64 now() const { return m_clock.wallNow().time_since_epoch() / 1s; }
    ManualClock m_clock;
    const QByteArray m_secret = "the secret of the tokens, shared by replicas";
    const TokenIssuer m_issuer{Secret(m_secret), 10min, m_clock};
};

void TokenIssuerTest::isVerifiedByAnybodyWithTheSecret()
{
    const QByteArray token = m_issuer.issue({.kind = TokenSubject::Kind::Key, .id = "abc", .stamp = "s"});
    const QByteArrayList parts = token.split('.');
    QCOMPARE(parts.size(), 3);
    const auto decoded = [](const QByteArray &part) {
        return QJsonDocument::fromJson(QByteArray::fromBase64(part, QByteArray::Base64UrlEncoding)).object();
    };
    QCOMPARE(decoded(parts.at(0)), QJsonObject({{QStringLiteral("typ"), QStringLiteral("JWT")},
                                                {QStringLiteral("alg"), QStringLiteral("HS256")}}));
    QJsonObject payload = decoded(parts.at(1));
    QVERIFY(!payload.take(QStringLiteral("jti")).toString().isEmpty());
    QCOMPARE(payload, QJsonObject({{QStringLiteral("iss"), QStringLiteral("gatehouse")},
                                   {QStringLiteral("sub"), QStringLiteral("abc")},
                                   {QStringLiteral("kind"), QStringLiteral("key")},
                                   {QStringLiteral("stamp"), QStringLiteral("s")},
                                   {QStringLiteral("iat"), now()},
                                   {QStringLiteral("exp"), now() + 600}}));
    QCOMPARE(parts.at(2), base64Url(QMessageAuthenticationCode::hash(parts.at(0) + '.' + parts.at(1),
                                                                     m_secret, QCryptographicHash::Sha256)));
    QVERIFY(token != m_issuer.issue({.kind = TokenSubject::Kind::Key, .id = "abc", .stamp = "s"}));
}

void TokenIssuerTest::tellsItsSubject_data()
{
    QTest::addColumn<bool>("isKey");
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<QByteArray>("stamp");
    for (const bool isKey : {true, false}) {
        for (const char *id : {"0c2f0b0e-52f7-4a53-a6a5-0f9a4a2e4d3b", "static", "\"\\{}", "\xc3\xa4"})
            QTest::addRow("%d %s", isKey, id) << isKey << QByteArray(id) << QByteArray(isKey ? "" : "1234");
    }
}

void TokenIssuerTest::tellsItsSubject()
{
    QFETCH(bool, isKey);
    QFETCH(QByteArray, id);
    QFETCH(QByteArray, stamp);
    const auto kind = isKey ? TokenSubject::Kind::Key : TokenSubject::Kind::User;
    const Result<TokenSubject> subject =
        m_issuer.verify(m_issuer.issue({.kind = kind, .id = id, .stamp = stamp}));
    QVERIFY(subject);
    QVERIFY(subject->kind == kind);
    QCOMPARE(subject->id, id);
    QCOMPARE(subject->stamp, stamp);
}

void TokenIssuerTest::holdsForItsLifetime()
{
    QVERIFY(m_issuer.lifetime() == 10min);
    const QByteArray token = m_issuer.issue({.id = "abc"});
    m_clock.advance(10min - 1ms);
    QVERIFY(m_issuer.verify(token));
    m_clock.advance(1ms);
    QVERIFY(!m_issuer.verify(token));
    const QByteArray next = m_issuer.issue({.id = "abc"});
    m_clock.advance(-60s); // A replica whose clock is behind.
    QVERIFY(m_issuer.verify(next));
    m_clock.advance(-1s);
    QVERIFY(!m_issuer.verify(next));
}

void TokenIssuerTest::takesWhatIsMadeElsewhereWithTheSecret()
{
    const auto verify = [this](const QByteArray &header, const QByteArray &payload) {
        return m_issuer.verify(ForgedToken{.header = header, .payload = payload, .secret = m_secret}.text());
    };
    QVERIFY(verify(R"({"typ":"JWT","alg":"HS256"})", claims(now())));
    QVERIFY(verify(R"({"alg":"HS256"})", claims(now())));
    QVERIFY(verify(R"({"alg":"HS256"})", claims(now(), {{QStringLiteral("nbf"), now()}})));
}

void TokenIssuerTest::refusesForgeries_data()
{
    QTest::addColumn<QByteArray>("token");
    const ForgedToken good{.payload = claims(now()), .secret = m_secret};
    const auto withHeader = [&good](const char *header) {
        ForgedToken token = good;
        token.header = header;
        return token;
    };
    for (const char *algorithm : {"none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "RS512", "ES256",
                                  "PS256", "hs256", "HS256 ", "", "HS1", "dir", "A128GCM"}) {
        const QByteArray header = QByteArray(R"({"typ":"JWT","alg":")") + algorithm + "\"}";
        const ForgedToken token = withHeader(header.constData());
        QTest::addRow("%s, signed", algorithm) << token.text();
        QTest::addRow("%s, unsigned", algorithm) << QByteArray(token.content() + '.');
        QTest::addRow("%s, two parts", algorithm) << token.content();
        ForgedToken long_ = token;
        long_.algorithm = QCryptographicHash::Sha512;
        QTest::addRow("%s, SHA-512", algorithm) << long_.text();
        ForgedToken longer = token;
        longer.algorithm = QCryptographicHash::Sha384;
        QTest::addRow("%s, SHA-384", algorithm) << longer.text();
    }
    for (const char *header :
         {"", "null", "[]", "{}", "\"HS256\"", R"({"alg":null})", R"({"alg":256})", R"({"alg":["HS256"]})",
          R"({"typ":"JOSE","alg":"HS256"})", R"({"alg":"HS256")", "\xff"})
        QTest::addRow("header %s", header) << withHeader(header).text();
    for (const char *payload : {"", "null", "[]", "{}", "1", "{\"iss\":\"gatehouse\""}) {
        ForgedToken token = good;
        token.payload = payload;
        QTest::addRow("payload %s", payload) << token.text();
    }
    for (const QByteArray &secret :
         {QByteArray(), QByteArray("x"), m_secret + 'x', m_secret.chopped(1), QByteArray(64, '\0')}) {
        ForgedToken token = good;
        token.secret = secret;
        QTest::addRow("secret %s", secret.constData()) << token.text();
    }
    const QByteArray text = good.text();
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("dots") << QByteArray("..");
    QTest::newRow("signature twice") << text + text.mid(text.lastIndexOf('.'));
    QTest::newRow("payload twice") << text.left(text.indexOf('.')) + text.mid(text.indexOf('.')).left(9) +
                                          text;
    QTest::newRow("token twice") << text + text;
    QTest::newRow("dot after") << text + '.';
    QTest::newRow("dot before") << '.' + text;
    for (const char junk : {'=', ' ', '\n', '\0', 'A', '-', '+', '/', '\xff'}) {
        QTest::addRow("junk %d after", junk) << text + junk;
        QTest::addRow("junk %d before", junk) << junk + text;
        QByteArray inside = text;
        QTest::addRow("junk %d inside", junk) << inside.insert(text.indexOf('.') + 3, junk);
    }
    ForgedToken big = good;
    big.payload = claims(now(), {{QStringLiteral("x"), QString(3000, QChar(u'x'))}});
    QTest::newRow("over 4 KiB") << big.text();
}

void TokenIssuerTest::refusesForgeries()
{
    QFETCH(QByteArray, token);
    const Result<TokenSubject> subject = m_issuer.verify(token);
    QVERIFY(!subject);
    QCOMPARE(subject.error().code, ErrorCode::Unauthenticated);
}

void TokenIssuerTest::refusesOtherClaims_data()
{
    QTest::addColumn<QByteArray>("payload");
    const auto add = [this](const char *claim, const QJsonValue &value) {
        QTest::addRow("%s %s", claim,
                      QJsonDocument(QJsonObject{{QString(), value}}).toJson().simplified().constData())
            << claims(now(), {{QString::fromLatin1(claim), value}});
    };
    const QJsonValue absent(QJsonValue::Null);
    for (const QJsonValue &issuer : {absent, QJsonValue(QString()), QJsonValue(QStringLiteral("Gatehouse")),
                                     QJsonValue(QStringLiteral("gatehouse2")), QJsonValue(1),
                                     QJsonValue(QJsonArray{QStringLiteral("gatehouse")})})
        add("iss", issuer);
    for (const QJsonValue &subject :
         {absent, QJsonValue(QString()), QJsonValue(1), QJsonValue(QJsonObject())})
        add("sub", subject);
    for (const QJsonValue &kind : {absent, QJsonValue(QString()), QJsonValue(QStringLiteral("admin")),
                                   QJsonValue(QStringLiteral("Key")), QJsonValue(1)})
        add("kind", kind);
    for (const QJsonValue &expiry :
         {absent, QJsonValue(now()), QJsonValue(now() - 1), QJsonValue(0), QJsonValue(-1),
          QJsonValue(QString::number(now() + 600)), QJsonValue(double(now() + 600) + 0.5), QJsonValue(true)})
        add("exp", expiry);
    for (const QJsonValue &issued : {absent, QJsonValue(now() + 61), QJsonValue(QString::number(now())),
                                     QJsonValue(double(now()) + 0.5), QJsonValue(false)})
        add("iat", issued);
    add("nbf", now() + 61);
}

void TokenIssuerTest::refusesOtherClaims()
{
    QFETCH(QByteArray, payload);
    QVERIFY(!m_issuer.verify(ForgedToken{.payload = payload, .secret = m_secret}.text()));
}

void TokenIssuerTest::refusesEveryChangedCharacter()
{
    const QByteArray token = m_issuer.issue({.id = "abc"});
    for (qsizetype i = 0; i < token.size(); ++i) {
        for (const char other : {'A', 'B', 'x', '_', '.'}) {
            QByteArray changed = token;
            changed[i] = other;
            if (changed != token)
                QVERIFY2(!m_issuer.verify(changed), changed.constData());
        }
    }
    QVERIFY(m_issuer.verify(token));
}

void TokenIssuerTest::refusesEveryCutAndSplice()
{
    const QByteArray one = m_issuer.issue({.id = "abc"});
    const QByteArray two = m_issuer.issue({.kind = TokenSubject::Kind::Key, .id = "abd"});
    for (qsizetype i = 0; i < one.size(); ++i) {
        QVERIFY(!m_issuer.verify(one.first(i)));
        QVERIFY(i == 0 || !m_issuer.verify(one.sliced(i)));
    }
    const QByteArrayList a = one.split('.');
    const QByteArrayList b = two.split('.');
    QVERIFY(!m_issuer.verify(a.at(0) + '.' + b.at(1) + '.' + a.at(2)));
    QVERIFY(!m_issuer.verify(a.at(0) + '.' + a.at(1) + '.' + b.at(2)));
}

void TokenIssuerTest::survivesGarbage()
{
    quint32 state = 12345; // The same garbage in each run.
    const auto next = [&state] {
        return char((state = state * 1664525U + 1013904223U) >> 24);
    };
    for (int i = 0; i < 2000; ++i) {
        QByteArray garbage(i % 97, '\0');
        for (char &c : garbage)
            c = next();
        QVERIFY(!m_issuer.verify(garbage));
        // Signed garbage gets as far as the parser.
        QVERIFY(!m_issuer.verify(ForgedToken{.payload = garbage, .secret = m_secret}.text()));
        QVERIFY(!m_issuer.verify(
            ForgedToken{.header = garbage, .payload = claims(now()), .secret = m_secret}.text()));
    }
    const QByteArray deep = QByteArray(1400, '[') + QByteArray(1400, ']');
    QVERIFY(!m_issuer.verify(ForgedToken{.payload = deep, .secret = m_secret}.text()));
}

void TokenIssuerTest::hasOneErrorForEverything()
{
    const QByteArray expired =
        ForgedToken{.payload = claims(now(), {{QStringLiteral("exp"), now() - 1}}), .secret = m_secret}
            .text();
    const Error one = m_issuer.verify(expired).error();
    const Error two = m_issuer.verify("eyJ.x.y").error();
    QCOMPARE(one.message, two.message);
    QCOMPARE(one.reason, two.reason);
    QCOMPARE(one.detail, two.detail);
}

void TokenIssuerTest::knowsTheFormOfAToken_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("looks");
    QTest::newRow("ours") << m_issuer.issue({.id = "a"}) << true;
    QTest::newRow("unsigned") << QByteArray("eyJhbGciOiJub25lIn0.e30.") << true;
    QTest::newRow("two parts") << QByteArray("eyJhbGciOiJub25lIn0.e30") << false;
    QTest::newRow("five parts") << QByteArray("eyJh.b.c.d.e") << false;
    QTest::newRow("key") << QByteArray("gh_eyJ.a.b") << false;
    QTest::newRow("empty") << QByteArray() << false;
}

void TokenIssuerTest::knowsTheFormOfAToken()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, looks);
    QCOMPARE(TokenIssuer::looksLikeToken(text), looks);
}

void TokenIssuerTest::withoutASecretThereIsNothing()
{
    const TokenIssuer open(Secret(), 10min, m_clock);
    QVERIFY(open.issue({.id = "abc"}).isEmpty());
    QVERIFY(!open.verify(ForgedToken{.payload = claims(now())}.text()));
    QVERIFY(
        !open.verify(ForgedToken{.header = R"({"alg":"none"})", .payload = claims(now())}.content() + '.'));
}

void TokenIssuerTest::manyThreadsVerify()
{
    const QByteArray shared = m_issuer.issue({.id = "abc"});
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this, t, &shared, &wrong] {
            for (int i = 0; i < 500; ++i) {
                const QByteArray id = QByteArray::number(t * 1000 + i);
                const Result<TokenSubject> own = m_issuer.verify(m_issuer.issue({.id = id}));
                wrong += !own || own->id != id;
                wrong += !m_issuer.verify(shared);
                wrong += m_issuer.verify(shared + 'A').has_value();
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(wrong.load(), 0);
}

QTEST_GUILESS_MAIN(TokenIssuerTest)
#include "tst_token_issuer.moc"

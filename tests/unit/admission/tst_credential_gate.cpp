// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/credential_gate.h"

#include <QTest>

using namespace gatehouse;

Q_DECLARE_METATYPE(gatehouse::AuthMode)

class CredentialGateTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void decides_data();
    void decides();
    void knowsLocalHostHeaders_data();
    void knowsLocalHostHeaders();
};

void CredentialGateTest::decides_data()
{
    QTest::addColumn<AuthMode>("mode");
    QTest::addColumn<QString>("peer");
    QTest::addColumn<QByteArray>("authorization");
    QTest::addColumn<QByteArray>("apiKey");
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<QByteArray>("forwardedFor");
    QTest::addColumn<QByteArray>("keyId"); // Empty: refused.

    const auto near = QStringLiteral("127.0.0.1");
    const auto far = QStringLiteral("192.168.1.5");
    const QByteArray none;
    const QByteArray here("localhost:8000");
    const AuthMode required = AuthMode::Required, local = AuthMode::Local, off = AuthMode::Off;
    QTest::newRow("required, none") << required << near << none << none << here << none << none;
    QTest::newRow("required, bearer")
        << required << far << QByteArray("Bearer s3cret") << none << here << none << QByteArray("static");
    QTest::newRow("required, scheme in lower case")
        << required << far << QByteArray("bearer  s3cret") << none << here << none << QByteArray("static");
    QTest::newRow("required, x-api-key")
        << required << far << none << QByteArray("s3cret") << here << none << QByteArray("static");
    QTest::newRow("required, wrong") << required << near << QByteArray("Bearer s3cres") << none << here
                                     << none << none;
    QTest::newRow("required, prefix")
        << required << near << QByteArray("Bearer s3cre") << none << here << none << none;
    QTest::newRow("required, longer")
        << required << near << QByteArray("Bearer s3crets3cret") << none << here << none << none;
    QTest::newRow("required, other scheme")
        << required << near << QByteArray("Basic s3cret") << none << here << none << none;
    QTest::newRow("required, empty bearer")
        << required << near << QByteArray("Bearer ") << none << here << none << none;
    QTest::newRow("local, neighbour") << local << near << none << none << here << none << QByteArray("local");
    QTest::newRow("local, neighbour's useless key")
        << local << near << QByteArray("Bearer none") << none << here << none << QByteArray("local");
    QTest::newRow("local, stranger") << local << far << none << none << here << none << none;
    QTest::newRow("local, stranger with the key")
        << local << far << QByteArray("Bearer s3cret") << none << here << none << QByteArray("static");
    QTest::newRow("local, rebound name")
        << local << near << none << none << QByteArray("evil.example:8000") << none << none;
    QTest::newRow("local, behind a proxy")
        << local << near << none << none << here << QByteArray("192.168.1.5") << none;
    QTest::newRow("local, behind a proxy, forged")
        << local << near << none << none << here << QByteArray("127.0.0.1, 192.168.1.5") << none;
    QTest::newRow("local, behind a proxy, garbage")
        << local << near << none << none << here << QByteArray("unknown") << none;
    QTest::newRow("off, stranger") << off << far << none << none << here << none << QByteArray("anonymous");
    QTest::newRow("off, with the key")
        << off << far << none << QByteArray("s3cret") << here << none << QByteArray("static");
}

void CredentialGateTest::decides()
{
    QFETCH(AuthMode, mode);
    QFETCH(QString, peer);
    QFETCH(QByteArray, authorization);
    QFETCH(QByteArray, apiKey);
    QFETCH(QByteArray, host);
    QFETCH(QByteArray, forwardedFor);
    QFETCH(QByteArray, keyId);

    AuthSettings settings;
    settings.mode = mode;
    settings.apiKey = Secret("s3cret");
    const auto caller = CredentialGate(settings).admit({.peer = QHostAddress(peer),
                                                        .forwardedFor = forwardedFor,
                                                        .authorization = authorization,
                                                        .apiKey = apiKey,
                                                        .host = host});
    QCOMPARE(caller.has_value(), !keyId.isEmpty());
    if (caller) {
        QCOMPARE(caller->keyId, keyId);
        QVERIFY(caller->role == CallerRole::User);
    } else {
        QVERIFY(caller.error().code == ErrorCode::Unauthenticated);
        QVERIFY(!caller.error().message.contains(QStringLiteral("s3cre")));
    }
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

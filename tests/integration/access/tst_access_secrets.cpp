// SPDX-License-Identifier: GPL-3.0-or-later
#include "../program/gatehouse_process.h"
#include "api_client.h"
#include "fakes/fake_upstream.h"

#include <QDirIterator>
#include <QFile>
#include <QTest>

using namespace gatehouse;

/// Credentials are nowhere but where they belong.
class AccessSecretsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void areNowhereToBeSeen();
    void keepTheirFilesToThemselves();
    void announceTheFirstKeyOnce();

private:
    fakes::FakeUpstream m_upstream{{}, fakes::FakeUpstream::Runs::InOwnThread};
    QString m_route = QStringLiteral("MODEL_ROUTE_BOX=") + m_upstream.openAiUrl().toString();
};

void AccessSecretsTest::areNowhereToBeSeen()
{
    const QList<QByteArray> configured{"static-key-sEcReT",          "demo-admin-sEcReT",
                                       "demo-user-sEcReT",           "signing-key-sEcReT-0123456789",
                                       "hash-key-sEcReT-0123456789", "redis-password-sEcReT"};
    GatehouseProcess gatehouse(
        {m_route, QStringLiteral("LOG_LEVEL=debug"), QStringLiteral("GATEHOUSE_AUTH_MODE=required"),
         QStringLiteral("API_KEY=") + QString::fromLatin1(configured[0]),
         QStringLiteral("DEMO_ADMIN_KEY=") + QString::fromLatin1(configured[1]),
         QStringLiteral("DEMO_USER_KEY=") + QString::fromLatin1(configured[2]),
         QStringLiteral("SECRET_KEY=") + QString::fromLatin1(configured[3]),
         QStringLiteral("GATEHOUSE_AUTH_KEY_HASH_SECRET=") + QString::fromLatin1(configured[4]),
         QStringLiteral("REDIS_URL=redis://:") + QString::fromLatin1(configured[5]) +
             QStringLiteral("@127.0.0.1:1/0")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const ApiClient admin(gatehouse.port(), bearer(configured[1]));
    const QByteArray key = admin.post("/api/keys", object({{QStringLiteral("name"), QStringLiteral("k")}}))
                               .json()[u"key"]
                               .toString()
                               .toUtf8();
    QVERIFY(!key.isEmpty());
    const QByteArray password = "a-password-sEcReT";
    const QByteArray login = object({{QStringLiteral("username"), QStringLiteral("u")},
                                     {QStringLiteral("password"), QString::fromLatin1(password)}});
    QCOMPARE(admin.post("/api/users", login).status, 201);
    const ApiAnswer in = ApiClient(gatehouse.port()).post("/auth/token", login);
    const QByteArray jwt = in.json()[u"access_token"].toString().toUtf8();
    QVERIFY(!jwt.isEmpty());

    QByteArray told;
    // Good, spoiled, in the wrong place: none may come back or be written down.
    for (const QByteArray &secret : configured + QList<QByteArray>{key, jwt, password}) {
        told += ApiClient(gatehouse.port(), bearer(secret)).chat().body;
        told += ApiClient(gatehouse.port(), bearer(secret + "x")).chat().body;
        told += ApiClient(gatehouse.port(), "x-api-key: " + secret + "\r\n").get("/nowhere").body;
        told += ApiClient(gatehouse.port(), bearer(secret)).get("/api/keys").body;
        const QJsonValue text = QString::fromLatin1(secret);
        told += ApiClient(gatehouse.port())
                    .post("/auth/token", object({{QStringLiteral("api_key"), text}}).chopped(1) + ", }")
                    .body;
        told += admin
                    .post("/api/users", object({{QStringLiteral("username"), QStringLiteral("u")},
                                                {QStringLiteral("password"), text}}))
                    .body;
    }
    told += admin.get("/api/requests?limit=1000").body + admin.get("/metrics").body;
    const auto check = gatehouse.run({QStringLiteral("config"), QStringLiteral("check")});
    told += check.out + check.err;
    told += gatehouse.run({QStringLiteral("key"), QStringLiteral("list")}).out;
    QFile commandLine(QStringLiteral("/proc/%1/cmdline").arg(gatehouse.process().processId()));
    QVERIFY(commandLine.open(QIODevice::ReadOnly));
    told += commandLine.readAll();
    gatehouse.process().terminate();
    QVERIFY(gatehouse.process().waitForFinished(20'000));
    told += gatehouse.why().toUtf8() + gatehouse.output();
    QVERIFY(told.contains("/v1/chat/completions"));
    // The answers of /auth/token are left out above, as they hold what was asked for.
    for (const QByteArray &secret : configured + QList<QByteArray>{key, jwt, password}) {
        const qsizetype at = told.indexOf(secret);
        QVERIFY2(at < 0, told.mid(qMax<qsizetype>(0, at - 80), 240).constData());
    }
}

void AccessSecretsTest::keepTheirFilesToThemselves()
{
    GatehouseProcess gatehouse({m_route});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QVERIFY(!gatehouse.makeAdminKey().isEmpty());
    int files = 0;
    QDirIterator it(gatehouse.folder() + QStringLiteral("/gatehouse"),
                    QDir::AllEntries | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (it.hasNext()) {
        it.next();
        ++files;
        const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
        QVERIFY2(!(it.fileInfo().permissions() & others), qPrintable(it.filePath()));
    }
    QVERIFY(files >= 4);
}

void AccessSecretsTest::announceTheFirstKeyOnce()
{
    // The one test that listens beyond loopback: on a free port, and nobody gets in without the key.
    GatehouseProcess gatehouse({m_route}, {QStringLiteral("--lan")});
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    const qsizetype at = gatehouse.output().indexOf("gh_");
    QVERIFY2(at >= 0, gatehouse.output().constData());
    const QByteArray key = gatehouse.output().mid(at, 46);
    QCOMPARE(ApiClient(gatehouse.port(), bearer(key)).get("/api/keys").status, 200);
    QVERIFY(!gatehouse.why().contains(QString::fromLatin1(key)));
    gatehouse.kill();
    QVERIFY2(gatehouse.start(), qPrintable(gatehouse.why()));
    QVERIFY2(!gatehouse.output().contains("gh_"), gatehouse.output().constData());
    QCOMPARE(ApiClient(gatehouse.port(), bearer(key)).get("/api/keys").status, 200);
}

QTEST_GUILESS_MAIN(AccessSecretsTest)
#include "tst_access_secrets.moc"

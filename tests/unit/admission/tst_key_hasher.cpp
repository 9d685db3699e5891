// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_hasher.h"

#include <QRegularExpression>
#include <QSet>
#include <QTest>

using namespace gatehouse;

class KeyHasherTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void isKeyedBlake2b();
    void everyInputTells();
    void takesAnyLength();
    void fingerprintTellsSecretsApart();
    void keysHaveTheirForm();
    void uuidsHaveTheirForm();
};

void KeyHasherTest::isKeyedBlake2b()
{
    // blake2b(b"gh_key", key=blake2b(b"pepper", digest_size=32), digest_size=32), by Python's hashlib.
    QCOMPARE(KeyHasher(Secret("pepper")).hash("gh_key").toHex(),
             QByteArray("62207ea934ccb8ccca9d0c185509ea96970fc32aa0071dcd1d118140e78c89a4"));
}

void KeyHasherTest::everyInputTells()
{
    const KeyHasher hasher(Secret("pepper"));
    QSet<QByteArray> hashes;
    for (const QByteArray &key : {QByteArray(), QByteArray("gh_key"), QByteArray("gh_kez"),
                                  QByteArray("gh_ke"), QByteArray("gh_key "), QByteArray("gh_key\0", 7)}) {
        hashes.insert(hasher.hash(key));
        hashes.insert(KeyHasher(Secret("peppes")).hash(key));
        QCOMPARE(hasher.hash(key), KeyHasher(Secret("pepper")).hash(key));
    }
    QCOMPARE(hashes.size(), 12);
}

void KeyHasherTest::takesAnyLength()
{
    for (const qsizetype size : {1, 63, 64, 65, 127, 128, 129, 65536}) {
        QCOMPARE(KeyHasher(Secret(QByteArray(size, 's'))).hash(QByteArray(size, 'k')).size(), 32);
        QVERIFY(KeyHasher(Secret(QByteArray(size, 's'))).hash("k") !=
                KeyHasher(Secret(QByteArray(size + 1, 's'))).hash("k"));
    }
}

void KeyHasherTest::fingerprintTellsSecretsApart()
{
    const QByteArray one = KeyHasher(Secret("pepper")).fingerprint();
    QCOMPARE(one, KeyHasher(Secret("pepper")).fingerprint());
    QVERIFY(one != KeyHasher(Secret("salt")).fingerprint());
    QVERIFY(!one.contains("pepper"));
    QVERIFY(
        QRegularExpression(QStringLiteral("\\A[0-9a-f]{32}\\z")).match(QString::fromLatin1(one)).hasMatch());
}

void KeyHasherTest::keysHaveTheirForm()
{
    const QRegularExpression form(QStringLiteral("\\Agh_[A-Za-z0-9_-]{43}\\z"));
    QSet<QByteArray> keys;
    for (int i = 0; i < 1000; ++i) {
        const Secret key = makeApiKey();
        QVERIFY2(form.match(QString::fromLatin1(key.reveal())).hasMatch(), key.reveal().constData());
        keys.insert(key.reveal());
    }
    QCOMPARE(keys.size(), 1000);
}

void KeyHasherTest::uuidsHaveTheirForm()
{
    const QRegularExpression form(
        QStringLiteral("\\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\z"));
    QSet<QByteArray> ids;
    for (int i = 0; i < 1000; ++i) {
        const QByteArray id = makeUuid();
        QVERIFY2(form.match(QString::fromLatin1(id)).hasMatch(), id.constData());
        ids.insert(id);
    }
    QCOMPARE(ids.size(), 1000);
}

QTEST_GUILESS_MAIN(KeyHasherTest)
#include "tst_key_hasher.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_ring.h"

#include <QTest>

using namespace gatehouse;

namespace {

const KeyHasher &hasher()
{
    static const KeyHasher made(Secret("pepper"));
    return made;
}

KeyRecord keyOf(const QByteArray &id, const QByteArray &key, CallerRole role = CallerRole::User,
                bool isActive = true)
{
    return {.id = id,
            .name = QString::fromLatin1(id),
            .role = role,
            .hash = hasher().hash(key),
            .isActive = isActive};
}

UserRecord userOf(const QByteArray &id, CallerRole role = CallerRole::User, bool isActive = true)
{
    return {.id = id,
            .name = QStringLiteral("name of ") + QString::fromLatin1(id),
            .role = role,
            .isActive = isActive};
}

KeyRing ringOf(const QList<KeyRecord> &keys, const QList<UserRecord> &users = {},
               const AuthSettings &settings = {})
{
    return KeyRing(settings, hasher(), keys, users);
}

} // namespace

class KeyRingTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void findsKeysAndUsers();
    void holdsTheConfiguredKeys();
    void oneKeyInTwoPlacesHasTheLesserMeaning();
    void keysWithoutAHashAreNotFoundByIt();
    void stillAdmits_data();
    void stillAdmits();
    void aConfiguredKeyMayBeExchangedUnderRunningAnswers();
    void callersWithoutACredentialStay();
};

void KeyRingTest::findsKeysAndUsers()
{
    const KeyRing ring = ringOf({keyOf("1", "one"), keyOf("2", "two", CallerRole::Admin, false)},
                                {userOf("u"), userOf("v", CallerRole::Admin, false)});
    QCOMPARE(ring.byHash(hasher().hash("one"))->id, QByteArray("1"));
    QCOMPARE(ring.byHash(hasher().hash("two"))->id, QByteArray("2"));
    QVERIFY(!ring.byHash(hasher().hash("three")));
    QVERIFY(!ring.byHash({}));
    QCOMPARE(ring.keyById("2")->name, QStringLiteral("2"));
    QVERIFY(!ring.keyById("u"));
    QCOMPARE(ring.userById("v")->id, QByteArray("v"));
    QCOMPARE(ring.userByName(QStringLiteral("name of u"))->id, QByteArray("u"));
    QVERIFY(!ring.userByName(QStringLiteral("Name of u")));
    QVERIFY(ring.hasKeys());
    QVERIFY(!ringOf({}, {userOf("u")}).hasKeys());
}

void KeyRingTest::holdsTheConfiguredKeys()
{
    AuthSettings settings;
    settings.apiKey = Secret("own");
    settings.demoAdminKey = Secret("demo a");
    settings.demoUserKey = Secret("demo u");
    const KeyRing ring = ringOf({}, {}, settings);
    const auto has = [&ring](const char *key, const char *id, CallerRole role) {
        const auto found = ring.byHash(hasher().hash(key));
        return found && found->id == id && found->role == role && found->isActive &&
               found->limits == KeyLimits() && found->models.isEmpty() && !found->expiresAt &&
               ring.keyById(id) == found;
    };
    QVERIFY(has("own", "static", CallerRole::User));
    QVERIFY(has("demo a", "demo-admin", CallerRole::Admin));
    QVERIFY(has("demo u", "demo-user", CallerRole::User));
    QVERIFY(ring.hasKeys());
    QVERIFY(!ringOf({}).hasKeys());
    QVERIFY(!ringOf({}).byHash(hasher().hash({}))); // A key that is not set is not the empty key.
}

void KeyRingTest::oneKeyInTwoPlacesHasTheLesserMeaning()
{
    AuthSettings settings;
    settings.apiKey = settings.demoUserKey = settings.demoAdminKey = Secret("same");
    QVERIFY(ringOf({}, {}, settings).byHash(hasher().hash("same"))->role == CallerRole::User);
    const KeyRing ring = ringOf({keyOf("1", "same", CallerRole::User, false)}, {}, settings);
    QVERIFY(!ring.byHash(hasher().hash("same"))->isActive);
}

void KeyRingTest::keysWithoutAHashAreNotFoundByIt()
{
    const KeyRing ring = ringOf({KeyRecord{.id = "1"}});
    QVERIFY(ring.keyById("1"));
    QVERIFY(!ring.byHash({}));
}

void KeyRingTest::stillAdmits_data()
{
    QTest::addColumn<bool>("isKey");
    QTest::addColumn<int>("then");
    QTest::addColumn<int>("now"); // Admin, User, inactive, gone
    for (const bool isKey : {true, false}) {
        for (int then = 0; then < 2; ++then) {
            for (int now = 0; now < 4; ++now)
                QTest::addRow("%s %d %d", isKey ? "key" : "user", then, now) << isKey << then << now;
        }
    }
}

void KeyRingTest::stillAdmits()
{
    QFETCH(bool, isKey);
    QFETCH(int, then);
    QFETCH(int, now);
    const CallerRole before = then == 0 ? CallerRole::Admin : CallerRole::User;
    const CallerRole after = now == 1 ? CallerRole::User : CallerRole::Admin;
    Caller caller{.keyId = "1", .role = before};
    if (isKey)
        caller.key = std::make_shared<const KeyRecord>(keyOf("1", "one", before));
    KeyRing ring = ringOf({}); // Gone.
    if (now < 3 && isKey)
        ring = ringOf({keyOf("1", "one", after, now != 2)});
    else if (now < 3)
        ring = ringOf({}, {userOf("1", after, now != 2)});
    QCOMPARE(ring.stillAdmits(caller), now < 2 && now <= then);
}

void KeyRingTest::aConfiguredKeyMayBeExchangedUnderRunningAnswers()
{
    AuthSettings settings;
    settings.apiKey = Secret("old");
    const KeyRing before = ringOf({}, {}, settings);
    const Caller caller{.keyId = "static", .key = before.keyById("static")};
    QVERIFY(before.stillAdmits(caller));
    settings.apiKey = Secret("new");
    QVERIFY(ringOf({}, {}, settings).stillAdmits(caller));
    QVERIFY(!ringOf({}).stillAdmits(caller));
}

void KeyRingTest::callersWithoutACredentialStay()
{
    for (const char *id : {"", "local", "anonymous"})
        QVERIFY(ringOf({}).stillAdmits({.keyId = id}));
}

QTEST_GUILESS_MAIN(KeyRingTest)
#include "tst_key_ring.moc"

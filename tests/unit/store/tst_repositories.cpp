// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and users, on both engines.
#include "engines.h"
#include "store/key_repository.h"
#include "store/migrations.h"
#include "store/user_repository.h"

#include <limits>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestRepositories : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keysRoundTrip_data() { Engines::addRows(); }
    void keysRoundTrip();
    void keysChange_data() { Engines::addRows(); }
    void keysChange();
    void missingKeys_data() { Engines::addRows(); }
    void missingKeys();
    void sameKeyTwice_data() { Engines::addRows(); }
    void sameKeyTwice();
    void keyUses_data() { Engines::addRows(); }
    void keyUses();
    void usersRoundTrip_data() { Engines::addRows(); }
    void usersRoundTrip();
    void userNamesAreUnique_data() { Engines::addRows(); }
    void userNamesAreUnique();
    void missingUsers_data() { Engines::addRows(); }
    void missingUsers();
    void everyChangeRaisesTheAccessVersion_data() { Engines::addRows(); }
    void everyChangeRaisesTheAccessVersion();

private:
    Engines m_engines;
};

namespace {

WallTime at(qint64 ms)
{
    return WallTime(std::chrono::milliseconds(ms));
}

KeyRecord plainKey(const char *id, qint64 createdAt = 1'700'000'000'000)
{
    KeyRecord key;
    key.id = id;
    key.name = QString::fromUtf8(id);
    key.hash = QByteArray(32, '\x80');
    key.createdAt = at(createdAt);
    return key;
}

KeyRecord fullKey()
{
    KeyRecord key = plainKey("full", 1'700'000'000'001);
    key.name = QString::fromUtf8("M\xc3\xb6' \"\xf0\x9f\x90\xb4\" \xe2\x80\xae\\ ?; -- \xd7\xa9");
    key.role = CallerRole::Admin;
    for (int i = 0; i < 32; ++i)
        key.hash[i] = static_cast<char>(i * 8);
    key.limits = {.requestsPerHour = 0,
                  .requestsPerMinute = 1,
                  .tokensPerMinute = std::numeric_limits<qint64>::max(),
                  .maxConcurrent = 4,
                  .monthlyTokens = 5'000'000'000};
    key.models = {QStringLiteral("llama3:8b"), QString::fromUtf8("m\xc3\xb6\",[]"), QString()};
    key.expiresAt = at(4'102'444'800'123);
    key.isActive = false;
    key.lastUsedAt = at(-1);
    return key;
}

UserRecord plainUser(const char *id, const QString &name)
{
    UserRecord user;
    user.id = id;
    user.name = name;
    user.passwordHash = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA";
    user.createdAt = at(1'700'000'000'000);
    return user;
}

std::unique_ptr<Database> openMigrated(const DatabaseTarget &target)
{
    auto database = Database::open(target);
    if (!database || !migrate(**database, target))
        return nullptr;
    return *std::move(database);
}

} // namespace

void TestRepositories::keysRoundTrip()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    KeyRepository keys(*database);
    QVERIFY(keys.all() && keys.all()->isEmpty());
    GATEHOUSE_VERIFY_OK(keys.add(fullKey()));
    GATEHOUSE_VERIFY_OK(keys.add(plainKey("plain")));
    const auto all = keys.all();
    GATEHOUSE_VERIFY_OK(all);
    QCOMPARE(all->size(), 2);
    QVERIFY(all->at(0) == plainKey("plain")); // Oldest first.
    QVERIFY(all->at(1) == fullKey());
    const auto found = keys.find("full");
    QVERIFY(found && *found == fullKey());
}

void TestRepositories::keysChange()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    KeyRepository keys(*database);
    QVERIFY(keys.add(plainKey("one")) && keys.add(plainKey("other")));
    KeyRecord changed = fullKey();
    changed.id = "one";
    GATEHOUSE_VERIFY_OK(keys.update(changed));
    KeyRecord expected = changed;
    expected.hash = plainKey("one").hash;
    expected.createdAt = plainKey("one").createdAt;
    QVERIFY(*keys.find("one") == expected);
    QVERIFY(*keys.find("other") == plainKey("other"));
    // And every limit off again.
    expected = plainKey("one");
    GATEHOUSE_VERIFY_OK(keys.update(expected));
    QVERIFY(*keys.find("one") == expected);
    GATEHOUSE_VERIFY_OK(keys.remove("one"));
    QCOMPARE(keys.all()->size(), 1);
}

void TestRepositories::missingKeys()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    KeyRepository keys(*database);
    QVERIFY(keys.add(plainKey("one")));
    QCOMPARE(keys.find("ONE").error().code, ErrorCode::NotFound);
    QCOMPARE(keys.find("' OR 1=1 --").error().code, ErrorCode::NotFound);
    QCOMPARE(keys.update(plainKey("two")).error().code, ErrorCode::NotFound);
    QCOMPARE(keys.remove("").error().code, ErrorCode::NotFound);
    QVERIFY(!keys.find("two").error().message.isEmpty());
    QCOMPARE(*accessVersion(*database), 1);
    QCOMPARE(keys.all()->size(), 1);
}

void TestRepositories::sameKeyTwice()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    KeyRepository keys(*database);
    QVERIFY(keys.add(plainKey("one")));
    QVERIFY(!keys.add(plainKey("one")));
    QCOMPARE(keys.all()->size(), 1);
    QCOMPARE(*accessVersion(*database), 1);
}

void TestRepositories::keyUses()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    KeyRepository keys(*database);
    QVERIFY(keys.add(plainKey("one")) && keys.add(plainKey("two")));
    GATEHOUSE_VERIFY_OK(keys.noteUsed({{"one", at(2000)}, {"gone", at(1)}, {"two", at(3000)}}));
    GATEHOUSE_VERIFY_OK(keys.noteUsed({{"one", at(1000)}, {"two", at(4000)}}));
    GATEHOUSE_VERIFY_OK(keys.noteUsed({}));
    QVERIFY(keys.find("one")->lastUsedAt == at(2000)); // Time goes forward only.
    QVERIFY(keys.find("two")->lastUsedAt == at(4000));
    QCOMPARE(*accessVersion(*database), 2);
}

void TestRepositories::usersRoundTrip()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    UserRepository users(*database);
    UserRecord one = plainUser("1", QString::fromUtf8("J\xc3\xbcrgen \xf0\x9f\x90\xb4'"));
    UserRecord two = plainUser("2", QString());
    two.role = CallerRole::Admin;
    two.isActive = false;
    two.lastUsedAt = at(5);
    two.createdAt = at(1);
    QVERIFY(users.add(one) && users.add(two));
    const auto all = users.all();
    GATEHOUSE_VERIFY_OK(all);
    QVERIFY(all->size() == 2 && all->at(0) == two && all->at(1) == one);
    one.role = CallerRole::Admin;
    one.passwordHash = "other";
    one.isActive = false;
    GATEHOUSE_VERIFY_OK(users.update(one));
    QVERIFY(*users.find("1") == one);
    QVERIFY(*users.find("2") == two);
    GATEHOUSE_VERIFY_OK(users.remove("1"));
    QCOMPARE(users.find("1").error().code, ErrorCode::NotFound);
    QCOMPARE(users.all()->size(), 1);
}

void TestRepositories::userNamesAreUnique()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    UserRepository users(*database);
    QVERIFY(users.add(plainUser("1", QStringLiteral("ann"))));
    const auto twice = users.add(plainUser("2", QStringLiteral("ann")));
    QVERIFY(!twice);
    QCOMPARE(twice.error().code, ErrorCode::InvalidRequest);
    QCOMPARE(twice.error().param, QByteArray("username"));
    QCOMPARE(twice.error().reason, QByteArray("name_taken"));
    GATEHOUSE_VERIFY_OK(users.add(plainUser("2", QStringLiteral("Ann"))));
    QCOMPARE(users.all()->size(), 2);
    QCOMPARE(*accessVersion(*database), 2);
}

void TestRepositories::missingUsers()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    QVERIFY(database);
    UserRepository users(*database);
    QCOMPARE(users.find("1").error().code, ErrorCode::NotFound);
    QCOMPARE(users.update(plainUser("1", QStringLiteral("ann"))).error().code, ErrorCode::NotFound);
    QCOMPARE(users.remove("1").error().code, ErrorCode::NotFound);
    QCOMPARE(*accessVersion(*database), 0);
}

void TestRepositories::everyChangeRaisesTheAccessVersion()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = openMigrated(target);
    const auto other = openMigrated(target);
    QVERIFY(database && other);
    KeyRepository keys(*database);
    UserRepository users(*database);
    const UserRecord user = plainUser("1", QStringLiteral("ann"));
    const QList<std::function<Result<void>()>> changes = {
        [&] { return keys.add(plainKey("one")); }, [&] { return keys.update(plainKey("one")); },
        [&] { return keys.remove("one"); },        [&] { return users.add(user); },
        [&] { return users.update(user); },        [&] { return users.remove("1"); },
    };
    for (qsizetype i = 0; i < changes.size(); ++i) {
        GATEHOUSE_VERIFY_OK(changes.at(i)());
        QCOMPARE(*accessVersion(*other), i + 1);
    }
    // A change that is undone raises nothing.
    (void)database->inTransaction([&]() -> Result<void> {
        (void)keys.add(plainKey("two"));
        return Error{};
    });
    QCOMPARE(*accessVersion(*other), changes.size());
}

QTEST_GUILESS_MAIN(TestRepositories)
#include "tst_repositories.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/redis_target.h"

#include <QTest>

using namespace gatehouse;

class RedisTargetTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
};

void RedisTargetTest::reads_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("parts"); // place, port, user, password, database
    QTest::newRow("all") << QByteArray("redis://me:pass@cache.lan:6380/3")
                         << QByteArray("cache.lan|6380|me|pass|3");
    QTest::newRow("short") << QByteArray("redis://cache") << QByteArray("cache|6379|||0");
    QTest::newRow("slash") << QByteArray("redis://127.0.0.1/") << QByteArray("127.0.0.1|6379|||0");
    QTest::newRow("IPv6") << QByteArray("redis://[::1]:6379/1") << QByteArray("::1|6379|||1");
    QTest::newRow("password") << QByteArray("redis://:p%40ss%2F%25@h/0") << QByteArray("h|6379||p@ss/%|0");
    QTest::newRow("socket") << QByteArray("unix:///run/redis.sock") << QByteArray("/run/redis.sock|6379|||0");
    QTest::newRow("socket, all") << QByteArray("unix://me:pw@/run/re%20dis.sock?db=2")
                                 << QByteArray("/run/re dis.sock|6379|me|pw|2");
}

void RedisTargetTest::reads()
{
    QFETCH(QByteArray, url);
    const auto target = parseRedisUrl(Secret(url));
    QVERIFY(target);
    const QByteArrayList parts{target->path.isEmpty() ? target->host.toUtf8() : target->path,
                               QByteArray::number(target->port), target->user, target->password.reveal(),
                               QByteArray::number(target->database)};
    QTEST(parts.join('|'), "parts");
}

void RedisTargetTest::refuses_data()
{
    QTest::addColumn<QByteArray>("url");
    for (const char *url :
         {"", "redis://", "redis:///0", "hidden", "rediss://:hidden@h/0", "http://h/0", "redis://:hidden@h/x",
          "redis://:hidden@h/-1", "redis://:hidden@h/0/1", "redis://:hidden@h:99999/0",
          "redis://:hidden@h:0/0", "redis://:hidden@h/0#x", "redis://:hidden@h/0?db=1", "unix://", "unix:///",
          "unix://h/path", "unix:///p?db=x", "redis://:hid%zzden@h/0", "redis://:hidden@h h/0"})
        QTest::newRow(url) << QByteArray(url);
}

void RedisTargetTest::refuses()
{
    QFETCH(QByteArray, url);
    const auto target = parseRedisUrl(Secret(url));
    QVERIFY(!target);
    QVERIFY(!target.error().message.contains(QStringLiteral("hid")));
    QVERIFY(target.error().detail.isEmpty());
}

QTEST_GUILESS_MAIN(RedisTargetTest)
#include "tst_redis_target.moc"

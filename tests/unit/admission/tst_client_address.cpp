// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/client_address.h"

#include <QTest>

using namespace gatehouse;

class ClientAddressTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void findsTheClient_data()
    {
        QTest::addColumn<QString>("peer");
        QTest::addColumn<QByteArray>("forwardedFor");
        QTest::addColumn<QString>("client");

        QTest::newRow("no proxy") << "192.168.1.5" << QByteArray() << "192.168.1.5";
        QTest::newRow("a stranger's claim") << "192.168.1.5" << QByteArray("127.0.0.1") << "192.168.1.5";
        QTest::newRow("one proxy") << "127.0.0.1" << QByteArray("192.168.1.5") << "192.168.1.5";
        QTest::newRow("a claim through a proxy")
            << "127.0.0.1" << QByteArray("127.0.0.1, 192.168.1.5") << "192.168.1.5";
        QTest::newRow("two proxies") << "127.0.0.1" << QByteArray("10.9.9.9 , 192.168.1.5, 10.0.0.2")
                                     << "192.168.1.5";
        QTest::newRow("only proxies") << "127.0.0.1" << QByteArray("10.0.0.2") << "10.0.0.2";
        QTest::newRow("IPv6") << "::1" << QByteArray("2001:db8::7") << "2001:db8::7";
        QTest::newRow("mapped peer") << "::ffff:127.0.0.1" << QByteArray("192.168.1.5") << "192.168.1.5";
        QTest::newRow("garbage") << "127.0.0.1" << QByteArray("unknown") << QString();
        QTest::newRow("empty entry") << "127.0.0.1" << QByteArray("192.168.1.5,") << QString();
    }
    void findsTheClient()
    {
        QFETCH(QString, peer);
        QFETCH(QByteArray, forwardedFor);
        QFETCH(QString, client);
        const AddressSet trusted(
            {QStringLiteral("127.0.0.0/8"), QStringLiteral("::1"), QStringLiteral("10.0.0.0/24")});
        QCOMPARE(clientAddress(QHostAddress(peer), forwardedFor, trusted), QHostAddress(client));
    }

    void knowsLoopback()
    {
        QVERIFY(isLoopback(QHostAddress(QStringLiteral("127.0.0.5"))));
        QVERIFY(isLoopback(QHostAddress(QStringLiteral("::1"))));
        QVERIFY(isLoopback(QHostAddress(QStringLiteral("::ffff:127.0.0.1"))));
        QVERIFY(!isLoopback(QHostAddress(QStringLiteral("::ffff:10.0.0.1"))));
        QVERIFY(!isLoopback(QHostAddress(QStringLiteral("0.0.0.0"))));
        QVERIFY(!isLoopback(QHostAddress()));
    }
};

QTEST_GUILESS_MAIN(ClientAddressTest)
#include "tst_client_address.moc"

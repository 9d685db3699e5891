// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/wire/request_body.h"

#include <QTest>

using namespace gatehouse;

class TestRequestBody : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsInPieces();
    void usedConnectionMayBeTriedOnce();
    void freshConnectionMayNot();
};

void TestRequestBody::readsInPieces()
{
    RequestBody body("0123456789");
    QCOMPARE(body.size(), 10);
    QVERIFY(!body.isSequential());
    QCOMPARE(body.read(4), QByteArray("0123"));
    QCOMPARE(body.pos(), 4);
    QCOMPARE(body.read(100), QByteArray("456789"));
    QVERIFY(body.atEnd());
    QCOMPARE(body.read(1), QByteArray());
}

void TestRequestBody::usedConnectionMayBeTriedOnce()
{
    RequestBody body("0123456789");
    QCOMPARE(body.read(4), QByteArray("0123"));
    QVERIFY(body.reset());
    QCOMPARE(body.read(4), QByteArray("0123"));
    QVERIFY(!body.reset());
    QVERIFY(!body.reset());
}

void TestRequestBody::freshConnectionMayNot()
{
    RequestBody body("0123456789");
    body.markFreshConnection();
    QVERIFY(!body.reset());
}

QTEST_APPLESS_MAIN(TestRequestBody)
#include "tst_request_body.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/retry_after.h"

#include <QTest>
#include <QTimeZone>

using namespace gatehouse;

class TestRetryAfter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void values_data();
    void values();
};

void TestRetryAfter::values_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<int>("seconds"); // -1: nothing.
    QTest::addRow("seconds") << QByteArray("7") << 7;
    QTest::addRow("spaces") << QByteArray(" 7 ") << 7;
    QTest::addRow("zero") << QByteArray("0") << 0;
    QTest::addRow("fraction") << QByteArray("1.2") << 2;
    QTest::addRow("negative") << QByteArray("-5") << 0;
    QTest::addRow("huge") << QByteArray("1e300") << 86400;
    QTest::addRow("infinite") << QByteArray("inf") << -1;
    QTest::addRow("not a number") << QByteArray("nan") << -1;
    QTest::addRow("date") << QByteArray("Fri, 31 Dec 1999 23:59:59 GMT") << 59;
    QTest::addRow("past date") << QByteArray("Fri, 31 Dec 1999 23:00:00 GMT") << 0;
    QTest::addRow("far date") << QByteArray("Fri, 31 Dec 2100 23:00:00 GMT") << 86400;
    QTest::addRow("nothing") << QByteArray() << -1;
    QTest::addRow("words") << QByteArray("in a while") << -1;
}

void TestRetryAfter::values()
{
    QFETCH(const QByteArray, value);
    QFETCH(const int, seconds);
    const QDateTime now(QDate(1999, 12, 31), QTime(23, 59, 0), Qt::UTC);
    const auto parsed = parseRetryAfter(value, now);
    QCOMPARE(parsed ? static_cast<int>(parsed->count()) : -1, seconds);
}

QTEST_APPLESS_MAIN(TestRetryAfter)
#include "tst_retry_after.moc"

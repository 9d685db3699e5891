// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/expiry.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now = std::chrono::sys_days(std::chrono::year(2027) / 1 / 15) + 8h;

constexpr WallTime day(int year, unsigned month, unsigned dayOfMonth)
{
    return std::chrono::sys_days(std::chrono::year(year) / int(month) / int(dayOfMonth));
}

} // namespace

class ExpiryTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
};

void ExpiryTest::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("milliseconds");
    const auto add = [](const char *text, WallTime time) {
        QTest::addRow("%s", text) << QString::fromLatin1(text) << qint64(time.time_since_epoch().count());
    };
    add("2027-01-16", day(2027, 1, 16));
    add("2028-02-29", day(2028, 2, 29));
    add("9999-12-31", day(9999, 12, 31));
    add("2027-01-15T08:00:01Z", now + 1s);
    add("2027-01-15T09:30Z", now + 90min);
    add("2027-01-15T10:30:00+02:00", now + 30min);
    add("2027-01-15T03:30:00-05:00", now + 30min);
    add("1h", now + 1h);
    add("36h", now + 36h);
    add("1d", now + 24h);
    add("030d", now + std::chrono::days(30));
    add("999999d", now + std::chrono::days(999999));
}

void ExpiryTest::reads()
{
    QFETCH(QString, text);
    QFETCH(qint64, milliseconds);
    const Result<WallTime> expiry = parseExpiry(text, now);
    QVERIFY2(expiry, qPrintable(expiry ? QString() : expiry.error().message));
    QCOMPARE(qint64(expiry->time_since_epoch().count()), milliseconds);
}

void ExpiryTest::refuses_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {"",
                             " ",
                             "never",
                             "30",
                             "d",
                             "-1d",
                             "+1d",
                             "1.5d",
                             "1w",
                             "1D",
                             "1 d",
                             "1d ",
                             "1d\n",
                             "0d",
                             "0h",
                             "1000000d",
                             "99999999999999999999d",
                             "\xd9\xa1"
                             "d",
                             "2027-01-15",
                             "2027-01-14",
                             "1999-12-31",
                             "2027-02-29",
                             "2027-13-01",
                             "2027-00-01",
                             "2027-01-32",
                             "27-01-16",
                             "2027-1-16",
                             "2027/01/16",
                             "16.01.2027",
                             "20270116",
                             "2027-01-16 ",
                             "2027-01-16T",
                             "2027-01-16T25:00:00Z",
                             "2027-01-16T12:00:00",
                             "2027-01-16 12:00:00Z",
                             "2027-01-15T08:00:00Z",
                             "10000-01-01"})
        QTest::addRow("%s", text) << QString::fromUtf8(text);
}

void ExpiryTest::refuses()
{
    QFETCH(QString, text);
    const Result<WallTime> expiry = parseExpiry(text, now);
    QVERIFY(!expiry);
    QCOMPARE(expiry.error().code, ErrorCode::InvalidRequest);
    QVERIFY(expiry.error().message.contains(text));
}

QTEST_GUILESS_MAIN(ExpiryTest)
#include "tst_expiry.moc"

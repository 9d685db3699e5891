// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/duration_histogram.h"

#include <QTest>

#include <cmath>

using namespace gatehouse;
using namespace std::chrono_literals;

class DurationHistogramTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void nothingCountedIsZero() { QCOMPARE(DurationHistogram().quantileMs(0.5), 0.0); }

    void everyTimeComesBackWithinItsBucket()
    {
        for (double ms = 0.002; ms < 4'000'000; ms *= 1.31) {
            DurationHistogram histogram;
            histogram.count(
                std::chrono::round<std::chrono::nanoseconds>(std::chrono::duration<double, std::milli>(ms)));
            const double told = histogram.quantileMs(0.5);
            QVERIFY2(std::abs(told / ms - 1) < 0.046,
                     qPrintable(QStringLiteral("%1 as %2").arg(ms).arg(told)));
        }
    }

    void quantilesOfManyTimes()
    {
        DurationHistogram histogram;
        for (int i = 1; i <= 1000; ++i)
            histogram.count(std::chrono::milliseconds(i));
        const auto isNear = [&histogram](double share, double ms) {
            return std::abs(histogram.quantileMs(share) / ms - 1) < 0.05;
        };
        QVERIFY(isNear(0.5, 500));
        QVERIFY(isNear(0.95, 950));
        QVERIFY(isNear(1, 1000));
        QVERIFY(isNear(0, 1));
    }

    void whatIsOutOfRangeCountsAsTheNearest()
    {
        DurationHistogram histogram;
        for (const auto time : {-5ns, 0ns, 1ns})
            histogram.count(time);
        QVERIFY(histogram.quantileMs(1) < 0.0011);
        histogram.count(1000h);
        QVERIFY(histogram.quantileMs(1) > 4'000'000);
    }
};

QTEST_GUILESS_MAIN(DurationHistogramTest)
#include "tst_duration_histogram.moc"

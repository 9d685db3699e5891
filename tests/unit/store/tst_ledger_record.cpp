// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger_samples.h"
#include "store/latency_buckets.h"
#include "store/ledger_record.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestLedgerRecord : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFieldComesBack();
    void extremesComeBack();
    void textsAreCutBetweenLetters();
    void aBeginningIsIncomplete();
    void aChangedBitIsNoticed();
    void otherVersionsAreNotRead();
    void anyBytesAreBorne();
    void aBucketIsNearItsTimes();
    void oddTimesHaveABucket();
    void quantilesAreNear();
};

namespace {

LedgerRow fullRow()
{
    return {.at = WallTime(1'763'700'000'123ms),
            .requestId = "req_1",
            .keyId = "6fa459ea-ee8a-3ca4-894e-db77e160355e",
            .method = "POST",
            .endpoint = "/v1/chat/completions",
            .status = 499,
            .error = "cancelled",
            .model = "llama-3.2",
            .route = "ollama",
            .promptTokens = 11,
            .completionTokens = 22,
            .cachedTokens = 33,
            .tokensEstimated = true,
            .firstTokenMs = 1.25,
            .responseMs = 12.5};
}

QByteArray encoded(const LedgerRow &row)
{
    LedgerRecordBuffer buffer;
    return encodeLedgerRecord(row, buffer).toByteArray();
}

std::optional<LedgerRow> decoded(const QByteArray &bytes)
{
    const auto result = decodeLedgerRecord(bytes);
    const auto *record = std::get_if<LedgerRecord>(&result);
    return record && record->size == bytes.size() ? std::optional(record->row) : std::nullopt;
}

} // namespace

void TestLedgerRecord::everyFieldComesBack()
{
    QVERIFY(decoded(encoded(fullRow())) == fullRow());
    QVERIFY(decoded(encoded({})) == LedgerRow{});
    LedgerRow row = fullRow();
    row.firstTokenMs = 0.0; // Not the same as none.
    QVERIFY(decoded(encoded(row)) == row);
}

void TestLedgerRecord::extremesComeBack()
{
    LedgerRow row = fullRow();
    row.at = WallTime(std::chrono::milliseconds(std::numeric_limits<qint64>::min()));
    row.status = std::numeric_limits<int>::min();
    row.promptTokens = std::numeric_limits<qint64>::max();
    row.completionTokens = -1;
    row.responseMs = std::numeric_limits<double>::infinity();
    row.requestId = QByteArray("\0\xff\n", 3);
    QVERIFY(decoded(encoded(row)) == row);
}

void TestLedgerRecord::textsAreCutBetweenLetters()
{
    LedgerRow row = fullRow();
    for (QByteArray *text :
         {&row.requestId, &row.keyId, &row.method, &row.endpoint, &row.error, &row.model, &row.route})
        *text = QByteArray(100'000, 'x');
    row.model = QByteArray(255, 'x') + QByteArray("\xf0\x9f\x98\x80").repeated(9);
    row.route = QByteArray(256, 'x') + "\xc3\xa4";
    row.error = QByteArray(300, '\x80'); // No UTF-8.
    const auto back = decoded(encoded(row));
    QVERIFY(back);
    QCOMPARE(back->requestId, QByteArray(256, 'x'));
    QCOMPARE(back->model, QByteArray(255, 'x'));
    QCOMPARE(back->route, QByteArray(256, 'x'));
    QCOMPARE(back->error, QByteArray(256, '\x80'));
}

void TestLedgerRecord::aBeginningIsIncomplete()
{
    const QByteArray bytes = encoded(fullRow());
    for (qsizetype size = 0; size < bytes.size(); ++size) {
        const auto result = decodeLedgerRecord(bytes.first(size));
        QVERIFY(std::get<LedgerRecordFault>(result) == LedgerRecordFault::Incomplete);
    }
}

void TestLedgerRecord::aChangedBitIsNoticed()
{
    const QByteArray bytes = encoded(fullRow());
    for (qsizetype bit = 0; bit < bytes.size() * 8; ++bit) {
        QByteArray changed = bytes;
        changed[bit / 8] = static_cast<char>(changed.at(bit / 8) ^ (1 << (bit % 8)));
        QVERIFY(!std::holds_alternative<LedgerRecord>(decodeLedgerRecord(changed)));
    }
}

void TestLedgerRecord::otherVersionsAreNotRead()
{
    // A whole record but for the version: length 1, and the CRC-32 of "\2".
    const QByteArray tiny = QByteArray::fromHex("01000000ffffffff02");
    QVERIFY(std::get<LedgerRecordFault>(decodeLedgerRecord(tiny)) == LedgerRecordFault::Damaged);
    const QByteArray huge = QByteArray::fromHex("ffffff7f00000000") + QByteArray(10'000, 'x');
    QVERIFY(std::get<LedgerRecordFault>(decodeLedgerRecord(huge)) == LedgerRecordFault::Damaged);
}

void TestLedgerRecord::anyBytesAreBorne()
{
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        QByteArray bytes(static_cast<qsizetype>(random() % 300), '\0');
        std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
        if (bytes.size() > 4)
            bytes[1] = bytes[2] = bytes[3] = '\0'; // A length that is looked into.
        QVERIFY(!std::holds_alternative<LedgerRecord>(decodeLedgerRecord(bytes)));
    }
}

void TestLedgerRecord::aBucketIsNearItsTimes()
{
    int last = 0;
    for (double ms = 0.01; ms < 24 * 3600e3; ms *= 1.003) {
        const int bucket = latencyBucket(ms);
        QVERIFY(bucket >= last && bucket <= last + 1 && bucket < latencyBucketCount);
        QVERIFY(std::abs(latencyOfBucket(bucket) - ms) <= 0.1 * ms);
        last = bucket;
    }
}

void TestLedgerRecord::oddTimesHaveABucket()
{
    QCOMPARE(latencyBucket(0), 0);
    QCOMPARE(latencyBucket(-5), 0);
    QCOMPARE(latencyBucket(std::nan("")), 0);
    QCOMPARE(latencyBucket(1e300), latencyBucketCount - 1);
    QCOMPARE(latencyBucket(std::numeric_limits<double>::infinity()), latencyBucketCount - 1);
    LatencyHistogram histogram;
    QCOMPARE(histogram.quantileMs(0.5), 0.0);
    histogram.add(-1, 1);
    histogram.add(latencyBucketCount, 1);
    QCOMPARE(histogram.quantileMs(0.5), 0.0);
}

void TestLedgerRecord::quantilesAreNear()
{
    std::mt19937 random(3);
    for (const int count : {1, 2, 3, 19, 20, 21, 1000}) {
        std::vector<double> times;
        LatencyHistogram histogram;
        for (int i = 0; i < count; ++i) {
            times.push_back(std::exp(std::normal_distribution<double>(6, 2)(random)));
            histogram.add(latencyBucket(times.back()), 1);
        }
        std::ranges::sort(times);
        for (const double share : {0.5, 0.95}) {
            const auto rank = static_cast<std::size_t>(std::ceil(share * count));
            const double truth = times[rank - 1];
            QVERIFY(std::abs(histogram.quantileMs(share) - truth) <= 0.1 * truth);
        }
    }
}

QTEST_GUILESS_MAIN(TestLedgerRecord)
#include "tst_ledger_record.moc"

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/key_repository.h"
#include "store/ledger.h"
#include "store/store.h"
#include "test_log.h"

#include <QSemaphore>
#include <QTest>

namespace gatehouse {

/// A store, its log and its clock.
class StoreUnderTest
{
public:
    StoreUnderTest(const DatabaseTarget &target, const QString &dataDir)
        : StoreUnderTest(StoreOptions{.target = target,
                                      .dataDir = dataDir,
                                      .keepRequests = std::chrono::hours(0),
                                      .pollInterval = std::chrono::milliseconds(30)})
    {}
    explicit StoreUnderTest(const StoreOptions &options)
        : store(options, log, clock)
    {}

    /// Waits for what a job says; unset: no answer came.
    template <typename T>
    std::optional<Result<T>> write(std::function<Result<T>(Database &)> job)
    {
        std::optional<Result<T>> answer;
        store.write<T>(&m_context, std::move(job), [&](const Result<T> &result) { answer = result; });
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, 20'000);
        return answer;
    }
    template <typename T>
    std::optional<Result<T>> read(std::function<Result<T>(Database &)> job)
    {
        std::optional<Result<T>> answer;
        store.read<T>(&m_context, std::move(job), [&](const Result<T> &result) { answer = result; });
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, 20'000);
        return answer;
    }

    /// How many requests the ledger knows; -1: it can't be asked.
    qint64 requests()
    {
        const auto stats = read<UsageStats>([](Database &database) { return Ledger(database).stats({}); });
        return stats && *stats ? (*stats)->total.requests : -1;
    }

    TestLog log;
    SystemClock clock;
    Store store;

private:
    QObject m_context;
};

inline LedgerRow ledgerRow(const SystemClock &clock, int number)
{
    LedgerRow row;
    row.at = clock.wallNow();
    row.requestId = "req-" + QByteArray::number(number);
    row.keyId = "key";
    row.method = "POST";
    row.endpoint = "/v1/chat/completions";
    row.status = 200;
    row.model = "llama";
    row.route = "local";
    row.promptTokens = 3;
    row.completionTokens = 4;
    row.responseMs = 12.5;
    return row;
}

inline KeyRecord keyRecord(const QByteArray &id)
{
    KeyRecord key;
    key.id = id;
    key.name = QString::fromUtf8(id);
    key.hash = QByteArray(32, 'h');
    return key;
}

} // namespace gatehouse

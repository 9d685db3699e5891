// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/ledger.h"

#include <random>

namespace gatehouse {

/// Rows by chance, the same for the same seed: few keys, models and endpoints, so that filters find some.
class SampleRows
{
public:
    explicit SampleRows(unsigned seed)
        : m_random(seed)
    {}

    LedgerRow make(WallTime at, const QByteArray &requestId)
    {
        const int status = oneOf<int>({200, 200, 200, 200, 302, 400, 404, 429, 499, 500, 503});
        const double ms = std::exp(std::normal_distribution<double>(5, 1.5)(m_random));
        return {.at = at,
                .requestId = requestId,
                .keyId = oneOf<QByteArray>({"", "key-1", "key-2", "key-3"}),
                .method = oneOf<QByteArray>({"GET", "POST"}),
                .endpoint = oneOf<QByteArray>({"/v1/chat/completions", "/api/stats"}),
                .status = status,
                .error = status < 400 ? "" : "failed",
                .model = oneOf<QByteArray>({"", "llama", "qwen", "phi"}),
                .route = oneOf<QByteArray>({"", "local"}),
                .promptTokens = number(1000),
                .completionTokens = number(500),
                .cachedTokens = number(100),
                .tokensEstimated = number(2) == 1,
                .firstTokenMs = number(3) == 0 ? std::optional<double>() : ms / 3,
                .responseMs = ms};
    }
    [[nodiscard]] qint64 number(int below)
    {
        return static_cast<qint64>(m_random() % static_cast<unsigned>(below));
    }

private:
    template <typename T>
    T oneOf(std::initializer_list<T> values)
    {
        return values.begin()[number(static_cast<int>(values.size()))];
    }

    std::mt19937 m_random;
};

/// All there is in the ledger, oldest first; empty where that fails.
inline std::vector<LedgerRow> allRows(Database &database)
{
    const auto page = Ledger(database).requests({}, {}, 10'000'000);
    std::vector<LedgerRow> rows;
    if (page) {
        for (auto entry = page->entries.crbegin(); entry != page->entries.crend(); ++entry)
            rows.push_back(entry->row);
    }
    return rows;
}

} // namespace gatehouse

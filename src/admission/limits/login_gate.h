// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/recent_table.h"
#include "admission/limits/sliding_window.h"

#include <QHostAddress>

#include <mutex>
#include <optional>

namespace gatehouse {

/// How often one address (IPv6: one /64) may try a password: a few guessers can't keep the one thread that
/// hashes from everybody else. Loopback counts, too. At most 10,000 addresses are remembered. Thread-safe.
class LoginGate
{
public:
    static constexpr qint64 triesPerMinute = 30;

    /// Counts a try; or how long to wait, where there were too many.
    [[nodiscard]] std::optional<std::chrono::seconds> refuse(const QHostAddress &address, MonotonicTime now);

private:
    struct Tries
    {
        SlidingWindow window{std::chrono::minutes(1)};
    };
    std::mutex m_mutex;
    RecentTable<quint64, Tries> m_tries; ///< Guarded by the mutex.
};

} // namespace gatehouse

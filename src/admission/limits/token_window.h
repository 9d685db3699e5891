// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/sliding_window.h"

namespace gatehouse {

/// How many tokens of completion are reserved for a request under `limit` (tokens a minute or a month): what
/// was asked for, at most a quarter of the limit, and never so much that prompt and completion together could
/// not pass on their own. A client that asks for no particular length stands for thousands of tokens that
/// it seldom uses: reserved in full they would let a small limit pass one request a minute, or none. What was
/// really used counts in the end, so an answer that turned out longer is paid for by those after it.
[[nodiscard]] qint64 completionToReserve(qint64 limit, qint64 promptTokens, qint64 completionTokens);

/// Tokens a minute: reserved when a request begins, corrected to what was used when it ends; both count at
/// the moment of the reservation. Not thread-safe.
class TokenWindow
{
public:
    struct Place
    {
        SlidingWindow::Moment moment;
        qint64 tokens;
    };

    [[nodiscard]] std::chrono::milliseconds wait(qint64 limit, qint64 tokens, MonotonicTime now)
    {
        return m_window.wait(limit, tokens, now);
    }
    [[nodiscard]] Place reserve(qint64 tokens, MonotonicTime now);
    void settle(const Place &place, qint64 used, MonotonicTime now);

    [[nodiscard]] qint64 used(MonotonicTime now) { return m_window.used(now); }
    [[nodiscard]] std::chrono::milliseconds untilEmpty(MonotonicTime now) { return m_window.untilEmpty(now); }

private:
    SlidingWindow m_window{std::chrono::minutes(1)};
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "asker.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

/// What a load came to.
struct LoadOutcome
{
    int asked = 0;
    int complete = 0;
    int brokenOff = 0;       ///< Streams with an error event after text.
    int failed = 0;          ///< Those that were told an error and nothing else, or that were spoilt.
    QByteArray mistake = {}; ///< Of the first of those.
};

/// Many clients who ask for chats, one after the other each: every other one a stream, each conversation
/// another one.
class PoolLoad
{
public:
    /// Until stop(), but at most `most` requests in all.
    PoolLoad(quint16 port, int clients, int most);
    ~PoolLoad() { (void)stop(); }
    Q_DISABLE_COPY_MOVE(PoolLoad)

    [[nodiscard]] int answered() const { return m_answered; }
    LoadOutcome stop(); ///< Waits for the answers that are under way.

private:
    void run();
    void count(const ToldAnswer &told);

    const Asker m_asker;
    const int m_most;
    std::atomic<int> m_next = 0;
    std::atomic<int> m_answered = 0;
    std::atomic<bool> m_stopped = false;
    std::mutex m_mutex; ///< Guards m_outcome.
    LoadOutcome m_outcome;
    std::vector<std::thread> m_threads;
};

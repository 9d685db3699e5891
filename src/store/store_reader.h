// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/store_writer.h"

namespace gatehouse {

/// An asking thread of the store's, with a connection of its own. The functions are thread-safe but for
/// start() and the destructor.
class StoreReader
{
public:
    /// What it is asked.
    struct Questions
    {
        const char *thread = "store-reader"; ///< The thread's name, at most 15 characters.
        std::size_t mostWaiting = 256;       ///< Beyond, a task fails.
        bool afterTheLedger = true;          ///< The answers hold what was recorded in the ledger before.
    };
    StoreReader(DatabaseTarget target, StoreWriter &writer, Questions questions);
    ~StoreReader(); ///< Ends after the job that runs; the others fail.
    Q_DISABLE_COPY_MOVE(StoreReader)

    void start();
    void enqueue(StoreTask task);

private:
    void runThread();
    [[nodiscard]] std::optional<StoreTask> nextTask(); ///< Waits; unset: the end has come.
    [[nodiscard]] Result<void> serve(const StoreTask &task);
    [[nodiscard]] Result<void> connect();

    const DatabaseTarget m_target;
    StoreWriter &m_writer;
    const Questions m_questions;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<StoreTask> m_tasks;
    bool m_isClosing = false;
    std::unique_ptr<Database> m_database; ///< The thread's own.
    std::thread m_thread;
};

} // namespace gatehouse

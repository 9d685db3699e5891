// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/store_writer.h"

namespace gatehouse {

/// The store's asking thread, with a connection of its own. The functions are thread-safe but for start() and
/// the destructor.
class StoreReader
{
public:
    StoreReader(DatabaseTarget target, StoreWriter &writer);
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
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<StoreTask> m_tasks;
    bool m_isClosing = false;
    std::unique_ptr<Database> m_database; ///< The thread's own.
    std::thread m_thread;
};

} // namespace gatehouse

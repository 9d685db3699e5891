// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "store/access_watch.h"
#include "store/key_uses.h"
#include "store/ledger_mover.h"
#include "store/store.h"
#include "store/store_task.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gatehouse {

/// The store's writing thread: tasks in groups, rows from the journal, other processes' changes, pruning,
/// and, while nobody waits, the purge of what was removed. While the database is away it tries to get it
/// back, with growing pauses. The functions are thread-safe but for start() and the destructor.
class StoreWriter
{
public:
    struct Surroundings
    {
        LedgerJournal &journal;
        Log &log;
        const Clock &clock;
        std::function<void()> accessChanged; ///< Called in the writing thread.
    };
    StoreWriter(const StoreOptions &options, Surroundings surroundings);
    ~StoreWriter(); ///< Does what is queued, for about two seconds, and waits for the thread's end.
    Q_DISABLE_COPY_MOVE(StoreWriter)

    /// Connects, migrates, empties the journal. Waits for that.
    [[nodiscard]] Result<void> start();

    void enqueue(StoreTask task);
    [[nodiscard]] bool isBehind() const;
    /// That a row was added to the journal.
    void rowRecorded();
    void noteKeyUsed(const QByteArray &keyId);

    /// Waits until the rows recorded before the call are in the tables; not for long where they can't get
    /// there.
    void letRowsArrive();

    [[nodiscard]] bool isAway() const { return m_isAway; }
    [[nodiscard]] bool isHealthy() const { return !m_isAway && !m_isStuck; }

private:
    using Time = std::chrono::steady_clock::time_point;

    void runThread();
    [[nodiscard]] Result<void> prepare();
    void loop();
    [[nodiscard]] bool pauseUntilWork(); ///< False: the end has come.
    [[nodiscard]] bool hasUrgentWork() const;
    [[nodiscard]] Time nextDue() const;

    void serveTasks();
    void serveGroup(std::deque<StoreTask> group);
    void moveRowsIfDue();
    [[nodiscard]] bool moveBatch(); ///< False: nothing is left, or nothing works.
    void tellLosses();
    void mindTheClock();
    void checkAccess(bool onlyElsewhere);
    void saveKeyUses();
    void pruneSome();
    [[nodiscard]] Result<bool> pruneOnce();
    void purgeIfIdle();
    void purgeSome();
    void finish();

    void goAway(const Error &error);
    [[nodiscard]] Result<bool> comeBack();
    void tryToReturn();
    void failTasks();
    void setStuck(const Error *error);
    [[nodiscard]] std::deque<StoreTask> takeTasks();

    const StoreOptions m_options;
    const Surroundings m_around;
    KeyUses m_keyUses;

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;  ///< The writer waits.
    std::condition_variable m_moved; ///< Readers wait, and start().
    std::deque<StoreTask> m_tasks;
    qint64 m_waitingBytes = 0; ///< Of the tasks.
    std::optional<Result<void>> m_opened;
    quint64 m_wanted = 0; ///< Up to which row somebody waits.
    bool m_isClosing = false;

    std::atomic<quint64> m_recorded = 0; ///< Rows that went into the journal.
    std::atomic<quint64> m_inTables = 0; ///< Of these, known to have arrived.
    std::atomic<quint64> m_batchAt = 0;  ///< With this row, a batch waits: no need to wait for more.
    std::atomic<bool> m_rowsWait = false;
    std::atomic<bool> m_isAway = false;
    std::atomic<bool> m_isStuck = false;

    // The thread's own.
    std::unique_ptr<Database> m_database;
    std::unique_ptr<LedgerMover> m_mover;
    std::unique_ptr<AccessWatch> m_watch;
    std::chrono::milliseconds m_pause{0};
    std::optional<Time> m_moveAt;
    Time m_returnAt;
    std::optional<Time> m_backAt; ///< When it was last back.
    Time m_pollAt;
    Time m_saveUsesAt;
    Time m_pruneAt;
    Time m_purgeAt;

    std::thread m_thread;
};

} // namespace gatehouse

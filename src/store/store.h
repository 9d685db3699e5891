// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "store/database.h"
#include "store/ledger_row.h"
#include "store/postbox.h"
#include "store/store_task.h"

#include <QObject>

#include <functional>
#include <memory>

namespace gatehouse {

struct StoreOptions
{
    DatabaseTarget target;
    QString dataDir;                             ///< The ledger's journal lies in it.
    std::chrono::hours keepRequests{24 * 90};    ///< The request log's age; 0: for ever.
    qint64 maxRequests = 5'000'000;              ///< The request log's length; 0: no bound.
    std::chrono::hours keepSessions{0};          ///< Since their last use; 0: for ever.
    std::chrono::milliseconds pollInterval{500}; ///< How soon another process's changes are noticed.
};

/// What must be remembered, and the threads that speak to the database, with a connection each: one that
/// writes (and commits in groups), one that answers questions, so that a long one holds up no row of the
/// ledger, and one for the questions of requests that are under way (readNow()). No lane ever waits.
class Store : public QObject
{
    Q_OBJECT
public:
    /// `log` and `clock` outlive the store.
    Store(StoreOptions options, Log &log, const Clock &clock);
    /// Does what is queued and moves what waits in the journal, for two seconds or so, and ends the threads;
    /// what is left fails, or stays in the journal. A statement that runs is waited for, by its own time
    /// limit.
    ~Store() override;

    /// Connects, migrates, moves what an earlier process left in the journal. Waits; called once, before
    /// there are lanes. Before it has succeeded, nothing else works.
    [[nodiscard]] Result<void> open();

    /// Runs `job` in the writing thread, in the order of the calls, in a transaction of its own (or one
    /// shared with others: a failed job is undone alone), and after its commit `done` in `context`'s thread.
    /// Where `context` has gone by then, `done` is dropped. Thread-safe; `context` lives in the caller's
    /// thread. `bytes`: what the job holds and writes, where that is more than a few hundred; large ones
    /// share their transaction with fewer others, and count for isBehind().
    template <typename T>
    void write(QObject *context, std::function<Result<T>(Database &)> job,
               std::function<void(const Result<T> &)> done, qint64 bytes = 0)
    {
        Task task = wrap<T>(context, std::move(job), std::move(done));
        task.bytes = bytes;
        enqueueWrite(std::move(task));
    }

    /// The same in the asking thread, after everything that was record()ed so far can be seen. `job` only
    /// reads, one state of the database; it may be run twice, where the connection was lost. Where 256 wait
    /// already, it fails: Overloaded.
    template <typename T>
    void read(QObject *context, std::function<Result<T>(Database &)> job,
              std::function<void(const Result<T> &)> done)
    {
        enqueueRead(wrap<T>(context, std::move(job), std::move(done)));
    }

    /// The same in a thread of its own, for what a request waits for: it waits neither for rows of the ledger
    /// nor for the questions of read(), and what was written is seen. Where 16384 wait already, it fails:
    /// Overloaded.
    template <typename T>
    void readNow(QObject *context, std::function<Result<T>(Database &)> job,
                 std::function<void(const Result<T> &)> done)
    {
        enqueueReadNow(wrap<T>(context, std::move(job), std::move(done)));
    }

    /// Adds a row to the ledger; once this has returned, no crash loses it. Thread-safe, a few microseconds.
    [[nodiscard]] Result<void> record(const LedgerRow &row);
    /// False: record() would fail, so take no work that has to be accounted for. Thread-safe.
    [[nodiscard]] bool hasRoom() const;
    /// That a key was used, for KeyRecord::lastUsedAt; gathered and written now and then. Thread-safe.
    void noteKeyUsed(const QByteArray &keyId);

    /// Writes come faster than they get done: jobs of more than 64 MiB together wait, or more than 20000.
    /// They are taken nevertheless; who can, asks for no more. Thread-safe.
    [[nodiscard]] bool isBehind() const;

    /// Whether the database answers. Thread-safe.
    [[nodiscard]] bool isHealthy() const;

Q_SIGNALS:
    /// Keys or users have changed, here or through another process. Emitted in a thread of the store's.
    void accessChanged();

private:
    using Task = StoreTask;

    template <typename T>
    static Task wrap(QObject *context, std::function<Result<T>(Database &)> job,
                     std::function<void(const Result<T> &)> done);
    void enqueueWrite(Task task);
    void enqueueRead(Task task);
    void enqueueReadNow(Task task);

    class Private;
    std::unique_ptr<Private> d;
};

template <typename T>
Store::Task Store::wrap(QObject *context, std::function<Result<T>(Database &)> job,
                        std::function<void(const Result<T> &)> done)
{
    auto value = std::make_shared<std::optional<Result<T>>>();
    return {.run = [value, job = std::move(job)](Database &database) -> Result<void> {
                value->emplace(job(database));
                return (*value)->has_value() ? Result<void>() : Result<void>((*value)->error());
            },
            .deliver =
                [value, postbox = Postbox(context), done = std::move(done)](Result<void> outcome) {
                    // A commit may fail after the job has succeeded.
                    if (!outcome)
                        value->emplace(std::move(outcome).error());
                    postbox.post([value, done] { done(**value); });
                }};
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "store/database_target.h"
#include "store/sql_cell.h"

#include <QSqlQuery>
#include <QVariantList>

#include <functional>
#include <memory>
#include <span>

namespace gatehouse {

/// One connection to the database; made, used and destroyed in one thread. SQL is written so that both
/// engines take it; the little that differs asks engine().
///
/// Errors: Overloaded where the database can't be reached or stays locked (worth trying again), Internal
/// otherwise; the driver's text is in `detail`, and never holds the password.
class Database
{
public:
    /// Connects. SQLite: WAL, foreign keys, busy timeout, synchronous=NORMAL; a file of mode 0600.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseTarget &target);
    ~Database();
    Q_DISABLE_COPY_MOVE(Database)

    [[nodiscard]] SqlEngine engine() const;

    /// Runs one statement with positional placeholders (`?`). Statements are prepared once and kept by their
    /// text, so what varies goes into `values`. Rows are read from the query before the next call with the
    /// same text, and before the transaction ends. In a text, a zero character becomes U+FFFD.
    [[nodiscard]] Result<QSqlQuery *> run(const QString &sql, const QVariantList &values = {});

    /// Whether runRows() works: on SQLite, where the driver uses the same library as this program.
    [[nodiscard]] bool takesRows() const;
    /// Runs a statement that inserts one row, for each row of `cells`, in a fraction of run()'s time. For
    /// RowInsert, which knows what to do where it doesn't work.
    [[nodiscard]] Result<void> runRows(const QString &sql, std::span<const SqlCell> cells);

    /// Runs `work` in a transaction: committed if it succeeds, else rolled back. SQLite takes the write lock
    /// at the start, so that nothing inside has to be tried again. Inside another one it is a savepoint:
    /// undone alone, committed with the whole. After a statement has failed, nothing more runs in the
    /// transaction and it fails, whatever `work` returns.
    [[nodiscard]] Result<void> inTransaction(const std::function<Result<void>()> &work);

    /// Runs `work`, which only reads, on one state of the database, and blocks nobody. Not nested.
    [[nodiscard]] Result<void> inSnapshot(const std::function<Result<void>()> &work);

    /// SQLite: copies what stands in the log beside the file (`-wal`) into the file and empties it. Whoever
    /// reads from the log just now prevents that and isn't waited for. \returns whether it was done. Outside
    /// a transaction.
    [[nodiscard]] Result<bool> emptyLog();

    /// Connects again after the server went away; prepared statements are forgotten.
    [[nodiscard]] Result<void> reconnect();

private:
    class Private;
    explicit Database(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace gatehouse

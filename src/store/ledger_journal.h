// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "store/ledger_row.h"

#include <QString>

#include <memory>
#include <vector>

namespace gatehouse {

/// The ledger's fast lane: rows are appended to a file by one write(2) before the caller is told the end of
/// its answer, and moved into the database in groups afterwards by LedgerMover. Once append() has returned, a
/// crash or kill -9 of the process can't lose the row; a power cut may lose the last moments, as with
/// SQLite's synchronous=NORMAL.
///
/// The folder holds `lock`, and `<uuid of the process>-<number>.rows` (store/ledger_record.h), names that no
/// other process, on whichever machine, uses again. `.done`: moved, about to be deleted. `.damaged`: moved as
/// far as it could be read, and kept for whoever wants to look; nothing here reads it again.
///
/// Thread-safe; append() takes a few microseconds and waits for no database.
class LedgerJournal
{
public:
    struct Options
    {
        QString folder;                           ///< Exists; mode 0700.
        qint64 maxFileBytes = 4 * 1024 * 1024;    ///< When a new file is begun.
        qint64 maxTotalBytes = 256 * 1024 * 1024; ///< Rows that wait for the database, at most.
    };
    /// Files of an earlier process are left as they are for the mover to find. Errors (Internal): the folder
    /// can't be written to, or another process uses it.
    [[nodiscard]] static Result<std::unique_ptr<LedgerJournal>> open(const Options &options);
    ~LedgerJournal();
    Q_DISABLE_COPY_MOVE(LedgerJournal)

    /// Errors: Overloaded where the disk is full or maxTotalBytes are waiting.
    [[nodiscard]] Result<void> append(const LedgerRow &row);

    /// Whether append() would still take rows: the place to refuse work that could not be accounted for. Also
    /// false for a second after a row could not be written.
    [[nodiscard]] bool hasRoom() const;

private:
    friend class LedgerMover;
    class Private;
    explicit LedgerJournal(std::unique_ptr<Private> d);

    /// A file with rows, as far as they were acknowledged; those of dead processes to their end.
    struct File
    {
        QByteArray name;
        qint64 size = 0;
        qint64 moved = 0;    ///< The bytes that are known to be in the database.
        bool isOpen = false; ///< More may come.
    };
    /// What is left for the mover: files that hold rows to move or that are to be deleted, oldest first.
    [[nodiscard]] std::vector<File> filesToMove() const;
    void noteMoved(const QByteArray &name, qint64 position);
    void forget(const QByteArray &name);
    /// `.done` files that an earlier process did not get to delete. Taken once.
    [[nodiscard]] std::vector<QByteArray> takeDone();
    [[nodiscard]] QByteArray pathOf(const QByteArray &name) const;

    std::unique_ptr<Private> d;
};

} // namespace gatehouse

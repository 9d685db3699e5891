// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/ledger.h"
#include "store/ledger_journal.h"

#include <QList>

#include <set>
#include <vector>

namespace gatehouse {

/// Moves rows from the journal's files into the database, each exactly once: how far a file was read is kept
/// in the database and committed together with the rows, so a crash at any moment repeats nothing and skips
/// nothing. Used in the database's thread; one a journal.
class LedgerMover
{
public:
    LedgerMover(LedgerJournal &journal, Database &database)
        : m_journal(journal)
        , m_database(database)
        , m_ledger(database)
        , m_done(journal.takeDone())
    {}

    /// Moves up to `maxRows` rows in one transaction; files that are done are deleted. The value is how many
    /// were moved; fewer than `maxRows` means that nothing is waiting. A half-written row at the end of a
    /// dead process's file was never acknowledged and is dropped. Not to be called inside a transaction.
    [[nodiscard]] Result<qint64> moveSome(int maxRows = 512);

    /// A part of a file that held no rows that could be read; the file was kept, as `.damaged`.
    struct Loss
    {
        QByteArray file;
        qint64 bytes = 0;
    };
    /// What was lost since the last call, to be told in the log.
    [[nodiscard]] QList<Loss> takeLosses() { return std::exchange(m_losses, {}); }

private:
    struct Batch;
    [[nodiscard]] Result<void> fill(Batch &batch, std::size_t maxRows);
    [[nodiscard]] Result<void> readFile(Batch &batch, const LedgerJournal::File &file, std::size_t maxRows);
    [[nodiscard]] Result<qint64> positionIn(const QByteArray &name);
    [[nodiscard]] Result<void> notePosition(const QByteArray &name, qint64 position);
    void settle(const Batch &batch);
    void retire(const QByteArray &name);
    void deleteDone();

    LedgerJournal &m_journal;
    Database &m_database;
    Ledger m_ledger;
    std::set<QByteArray> m_damaged; ///< Files in m_journal that have lost something.
    std::vector<QByteArray> m_done; ///< `.done` files to be deleted.
    QList<Loss> m_losses;
};

} // namespace gatehouse

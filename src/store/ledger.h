// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/ledger_row.h"
#include "store/usage_roll_up.h"

#include <QHash>

#include <span>

namespace gatehouse {

/// The ledger in the database: a row a request, and the roll-ups by day, key and model that statistics and
/// budgets are answered from (they outlive the rows). Used in the database's thread.
class Ledger
{
public:
    explicit Ledger(Database &database)
        : m_database(database)
        , m_usage(database)
    {}

    /// Adds rows and their share of the roll-ups. To be called inside a transaction; where that fails in the
    /// end, call undone() before the next rows. What no database could take is put right, since a row that
    /// can't be stored would hold up all behind it: texts become UTF-8 without zero characters, figures
    /// finite and not negative, times lie between the years 1970 and 9999.
    [[nodiscard]] Result<void> append(std::span<const LedgerRow> rows);
    void undone() { m_usage.forgetNames(); }

    /// From the roll-ups alone. Two statements: run it in a snapshot where other processes write meanwhile.
    [[nodiscard]] Result<UsageStats> stats(const LedgerFilter &filter);

    /// At most `limit` rows with a number below `before` (unset: from the newest).
    [[nodiscard]] Result<RequestPage> requests(const LedgerFilter &filter, std::optional<qint64> before,
                                               int limit);

    /// Tokens by key in the calendar month (UTC) that `at` falls in.
    [[nodiscard]] Result<QHash<QByteArray, qint64>> tokensInMonth(WallTime at);

    /// Deletes at most `limit` of the oldest rows that began before `olderThan`, or that are more than the
    /// newest `maxRows` (0: no bound; counted by their numbers, some of which may be missing). The value is
    /// how many; fewer than `limit` means done. Roll-ups stay.
    [[nodiscard]] Result<qint64> prune(WallTime olderThan, qint64 maxRows, int limit);

private:
    [[nodiscard]] Result<void> noteDays(std::span<const LedgerRow> rows, qint64 after);
    [[nodiscard]] Result<qint64> newestNumber();
    [[nodiscard]] Result<qint64> lastNumberUntil(qint64 day);

    Database &m_database;
    UsageRollUp m_usage;
};

} // namespace gatehouse

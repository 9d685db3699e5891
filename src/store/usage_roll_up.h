// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"
#include "store/ledger_row.h"

#include <QHash>

#include <span>
#include <vector>

namespace gatehouse {

/// Requests counted by day (UTC), key and model, and by day and model over all keys, with a histogram of
/// their times each. Used in the database's thread.
class UsageRollUp
{
public:
    explicit UsageRollUp(Database &database)
        : m_database(database)
    {}

    /// To be called inside a transaction. Texts and figures must be in order, see Ledger::append().
    [[nodiscard]] Result<void> add(std::span<const LedgerRow> rows);
    /// To be called where a transaction around add() has failed.
    void forgetNames() { m_names.clear(); }

    /// By what number the tables call a key or model; new ones get theirs. Inside a transaction, as add().
    [[nodiscard]] Result<qint64> numberOf(const QByteArray &name);

    [[nodiscard]] Result<UsageStats> stats(const LedgerFilter &filter);
    [[nodiscard]] Result<QHash<QByteArray, qint64>> tokensInMonth(WallTime at);

private:
    struct Share;
    [[nodiscard]] Result<qint64> findNumber(const QByteArray &name);
    [[nodiscard]] Result<std::vector<Share>> sharesOf(std::span<const LedgerRow> rows);

    Database &m_database;
    QHash<QByteArray, qint64> m_names; ///< Numbers of names, as far as they were asked for.
};

/// Which day (UTC) a time falls in, counted from 1970-01-01.
[[nodiscard]] constexpr qint64 dayOf(WallTime at)
{
    return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
}

} // namespace gatehouse

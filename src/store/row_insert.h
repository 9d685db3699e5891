// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

#include <array>
#include <span>

namespace gatehouse {

/// Inserts many rows: where the database takes rows as they are, one by one, else with few statements, some
/// sizes of `head VALUES (…), (…) tail`. Each is prepared once. Const functions are thread-safe.
class RowInsert
{
public:
    /// `head`: `INSERT INTO t (a, b)`, with `columns` columns; `tail`: empty, or what to do on a conflict.
    RowInsert(const QString &head, int columns, const QString &tail = {});

    /// `cells`: those of all rows, one row after the other.
    [[nodiscard]] Result<void> run(Database &database, std::span<const SqlCell> cells) const;

private:
    struct Statement
    {
        std::size_t cells = 0;
        QString sql;
    };
    std::array<Statement, 4> m_statements; ///< Most rows first; the last has one.
};

} // namespace gatehouse

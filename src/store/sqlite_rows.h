// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/sql_cell.h"

#include <QHash>
#include <QSqlError>
#include <QString>

#include <memory>
#include <span>

class QSqlDatabase;
struct sqlite3;
struct sqlite3_stmt;

namespace gatehouse {

/// Many rows into SQLite by its own interface: the driver's turns every value into a QVariant, every text
/// into UTF-16 and back, which costs more than the insertion. Shares the driver's connection, and so its
/// transactions; destroyed before that is closed.
class SqliteRows
{
public:
    /// Null where the driver doesn't use the very library that this program does: its connection would be
    /// nothing that this one knows.
    [[nodiscard]] static std::unique_ptr<SqliteRows> over(const QSqlDatabase &driver);
    ~SqliteRows();
    Q_DISABLE_COPY_MOVE(SqliteRows)

    /// Runs `sql`, which inserts one row, for each row of `cells`; stops at the first that fails. Statements
    /// are prepared once and kept. Not valid: it went well.
    [[nodiscard]] QSqlError run(const QString &sql, std::span<const SqlCell> cells);

private:
    explicit SqliteRows(sqlite3 *connection)
        : m_connection(connection)
    {}
    [[nodiscard]] sqlite3_stmt *prepared(const QString &sql);
    [[nodiscard]] QSqlError lastError() const;

    sqlite3 *m_connection;
    QHash<QString, sqlite3_stmt *> m_statements;
};

} // namespace gatehouse

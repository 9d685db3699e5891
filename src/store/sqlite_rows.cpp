// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite_rows.h"

#include <QSqlDatabase>
#include <QSqlDriver>
#include <QSqlQuery>
#include <QVariant>

#include <sqlite3.h>

namespace gatehouse {

namespace {

sqlite3 *connectionOf(const QSqlDatabase &driver)
{
    const QVariant handle = driver.driver()->handle();
    return qstrcmp(handle.typeName(), "sqlite3*") == 0 ? *static_cast<sqlite3 *const *>(handle.constData())
                                                       : nullptr;
}

/// Two copies of one version look alike but for where their file system lies; the connection of another
/// version may not even be asked for that.
bool isOurs(sqlite3 *connection, const QSqlDatabase &driver)
{
    QSqlQuery query(QStringLiteral("SELECT sqlite_source_id()"), driver);
    if (!query.next() || query.value(0).toString() != QLatin1String(sqlite3_sourceid()))
        return false;
    sqlite3_vfs *files = nullptr;
    return sqlite3_initialize() == SQLITE_OK &&
           sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &files) == SQLITE_OK && files &&
           files == sqlite3_vfs_find(files->zName);
}

/// Binds a cell without a copy of its text.
class Binder
{
public:
    Binder(sqlite3_stmt *statement, int place)
        : m_statement(statement)
        , m_place(place)
    {}
    int operator()(std::monostate /*null*/) const { return sqlite3_bind_null(m_statement, m_place); }
    int operator()(qint64 number) const { return sqlite3_bind_int64(m_statement, m_place, number); }
    int operator()(double number) const { return sqlite3_bind_double(m_statement, m_place, number); }
    int operator()(QByteArrayView text) const
    {
        // To SQLite, a null pointer is NULL.
        return sqlite3_bind_text64(m_statement, m_place, text.isNull() ? "" : text.data(),
                                   static_cast<sqlite3_uint64>(text.size()), SQLITE_STATIC, SQLITE_UTF8);
    }

private:
    sqlite3_stmt *m_statement;
    int m_place;
};

bool bindAll(sqlite3_stmt *statement, std::span<const SqlCell> row)
{
    int place = 0;
    for (const SqlCell &cell : row) {
        if (std::visit(Binder(statement, ++place), cell) != SQLITE_OK)
            return false;
    }
    return true;
}

} // namespace

std::unique_ptr<SqliteRows> SqliteRows::over(const QSqlDatabase &driver)
{
    sqlite3 *connection = connectionOf(driver);
    if (!connection || !isOurs(connection, driver))
        return nullptr;
    return std::unique_ptr<SqliteRows>(new SqliteRows(connection));
}

SqliteRows::~SqliteRows()
{
    for (sqlite3_stmt *statement : std::as_const(m_statements))
        sqlite3_finalize(statement);
}

QSqlError SqliteRows::run(const QString &sql, std::span<const SqlCell> cells)
{
    sqlite3_stmt *statement = prepared(sql);
    if (!statement)
        return lastError();
    QSqlError error;
    const auto columns = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
    for (; cells.size() >= columns && !error.isValid(); cells = cells.subspan(columns)) {
        if (!bindAll(statement, cells.first(columns)) || sqlite3_step(statement) != SQLITE_DONE)
            error = lastError();
        sqlite3_reset(statement);
    }
    sqlite3_clear_bindings(statement); // The texts are the caller's.
    return error;
}

sqlite3_stmt *SqliteRows::prepared(const QString &sql)
{
    if (sqlite3_stmt *known = m_statements.value(sql))
        return known;
    const QByteArray text = sql.toUtf8();
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v3(m_connection, text.constData(), static_cast<int>(text.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        return nullptr;
    m_statements.insert(sql, statement);
    return statement;
}

QSqlError SqliteRows::lastError() const
{
    return {QStringLiteral("Rows not inserted"), QString::fromUtf8(sqlite3_errmsg(m_connection)),
            QSqlError::StatementError, QString::number(sqlite3_extended_errcode(m_connection))};
}

} // namespace gatehouse

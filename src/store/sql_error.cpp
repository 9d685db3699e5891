// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sql_error.h"

#include <QCoreApplication>
#include <QSqlError>

#include <algorithm>
#include <array>

namespace gatehouse {
namespace {

constexpr char duplicateReason[] = "duplicate";

/// By SQLite's primary result code (sqlite.org/rescode.html): BUSY, LOCKED, IOERR, FULL, CANTOPEN, PROTOCOL.
bool mayPassSqlite(int code)
{
    static constexpr std::array passing = {5, 6, 10, 13, 14, 15};
    return std::find(passing.begin(), passing.end(), code & 0xff) != passing.end();
}

/// By the class of the SQLSTATE (PostgreSQL's manual, appendix A): connection exceptions, insufficient
/// resources, operator intervention, transaction rollback, object in use, system error.
bool mayPassPostgres(const QString &state)
{
    static constexpr std::array passing = {"08", "53", "57", "40", "55", "58"};
    return std::any_of(passing.begin(), passing.end(),
                       [&](const char *start) { return state.startsWith(QLatin1String(start)); });
}

bool isDuplicateCode(SqlEngine engine, const QString &code)
{
    if (engine == SqlEngine::PostgreSql)
        return code == QLatin1String("23505");
    return code == QLatin1String("2067") || code == QLatin1String("1555");
}

} // namespace

Error sqlError(const DatabaseTarget &target, const QSqlError &error, bool isConnected)
{
    const QString code = error.nativeErrorCode();
    const bool isSqlite = target.engine == SqlEngine::Sqlite;
    const bool mayPass = isSqlite ? mayPassSqlite(code.toInt()) : !isConnected || mayPassPostgres(code);
    Error result{mayPass ? ErrorCode::Overloaded : ErrorCode::Internal,
                 mayPass ? QCoreApplication::translate("Database", "The database can't be reached just now.")
                         : QCoreApplication::translate("Database", "The database could not do this."),
                 (error.driverText() + u' ' + error.databaseText()).simplified()};
    if (result.detail.isEmpty())
        result.detail = QStringLiteral("no connection");
    if (isDuplicateCode(target.engine, code))
        result.reason = duplicateReason;
    if (!target.password.isEmpty())
        result.detail.replace(QString::fromUtf8(target.password.reveal()), QLatin1String("***"));
    return result;
}

bool isDuplicate(const Error &error)
{
    return error.reason == duplicateReason;
}

} // namespace gatehouse

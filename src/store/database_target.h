// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <QString>

namespace gatehouse {

enum class SqlEngine { Sqlite, PostgreSql };

/// Which database to keep things in.
struct DatabaseTarget
{
    SqlEngine engine = SqlEngine::Sqlite;
    QString file; ///< SQLite.
    QString host; ///< PostgreSQL: a name, an address, or the folder of a Unix socket.
    int port = 5432;
    QString name;
    QString user;
    Secret password;
    QString options; ///< libpq's further parameters, `;`-separated (`sslmode=require`).
};

/// Reads DATABASE_URL as the predecessors write it: `postgresql://`, `postgres://`,
/// `postgresql+asyncpg://user:password@host:port/name?sslmode=…`, `sqlite:///relative`,
/// `sqlite:////absolute`, `sqlite+aiosqlite:///…`; empty: `gatehouse.db` in `dataDir`. Errors
/// (InvalidRequest) never repeat the URL, which may hold a password.
[[nodiscard]] Result<DatabaseTarget> parseDatabaseUrl(const QString &url, const QString &dataDir);

} // namespace gatehouse

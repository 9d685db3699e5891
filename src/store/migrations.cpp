// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/migrations.h"

#include "store/ledger_schema.h"
#include "store/session_schema.h"
#include "store/sqlite_backup.h"

#include <QCoreApplication>

#include <array>

namespace gatehouse {
namespace {

constexpr char accessVersionName[] = "access_version";

/// Any number that is nobody else's: held while migrating, so that the steps run once.
constexpr qint64 postgresLock = 0x6761746568; // "gateh"

/// Keys, users, notes. Times are milliseconds since the epoch; `models` is a JSON list.
QStringList firstStep(SqlEngine engine)
{
    const QString bytes = engine == SqlEngine::Sqlite ? QStringLiteral("BLOB") : QStringLiteral("BYTEA");
    return QStringList{
               QStringLiteral(
                   "CREATE TABLE gatehouse_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"
                   " hash %1 NOT NULL, requests_per_hour BIGINT, requests_per_minute BIGINT,"
                   " tokens_per_minute BIGINT, max_concurrent BIGINT, monthly_tokens BIGINT,"
                   " models TEXT NOT NULL, expires_at BIGINT, is_active BOOLEAN NOT NULL,"
                   " created_at BIGINT NOT NULL, last_used_at BIGINT)")
                   .arg(bytes),
               QStringLiteral("CREATE TABLE gatehouse_users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
                              "role TEXT NOT NULL,"
                              " password_hash TEXT NOT NULL, is_active BOOLEAN NOT NULL,"
                              " created_at BIGINT NOT NULL, last_used_at BIGINT)"),
               QStringLiteral("CREATE TABLE gatehouse_notes (name TEXT PRIMARY KEY, value TEXT NOT NULL)"),
               QStringLiteral("INSERT INTO gatehouse_notes (name, value) VALUES ('access_version', '0')"),
           } +
           ledgerSchema(engine);
}

using Step = QStringList (*)(SqlEngine);
/// Step n brings version n - 1 to version n. A step that was released never changes.
constexpr std::array<Step, 2> steps = {firstStep, sessionSchema};
constexpr qint64 latestVersion = steps.size();

/// Unset: the database is fresh.
Result<std::optional<qint64>> schemaVersion(Database &database)
{
    auto made = database.run(
        QStringLiteral("CREATE TABLE IF NOT EXISTS gatehouse_schema_version (version BIGINT NOT NULL)"));
    if (!made)
        return std::move(made).error();
    auto query = database.run(QStringLiteral("SELECT max(version) FROM gatehouse_schema_version"));
    if (!query)
        return std::move(query).error();
    if (!(*query)->next() || (*query)->isNull(0))
        return std::optional<qint64>();
    return std::optional<qint64>((*query)->value(0).toLongLong());
}

Result<void> runStep(Database &database, qint64 version)
{
    const QStringList statements = steps.at(static_cast<std::size_t>(version - 1))(database.engine());
    for (const QString &statement : statements) {
        if (auto done = database.run(statement); !done)
            return std::move(done).error();
    }
    auto noted =
        database.run(QStringLiteral("INSERT INTO gatehouse_schema_version (version) VALUES (?)"), {version});
    return noted ? Result<void>() : Result<void>(std::move(noted).error());
}

Error tooNew(qint64 version)
{
    return {ErrorCode::InvalidRequest,
            QCoreApplication::translate(
                "Migrations", "The database has schema version %1, made by a newer Gatehouse; this one "
                              "knows versions up to %2.")
                .arg(version)
                .arg(latestVersion)};
}

/// Inside the transaction, which keeps other processes from doing the same.
Result<void> bringUp(Database &database, const DatabaseTarget &target)
{
    if (target.engine == SqlEngine::PostgreSql) {
        if (auto locked = database.run(QStringLiteral("SELECT pg_advisory_xact_lock(?)"), {postgresLock});
            !locked)
            return std::move(locked).error();
    }
    const auto version = schemaVersion(database);
    if (!version)
        return version.error();
    if (*version > latestVersion)
        return tooNew(**version);
    if (*version && *version < latestVersion && target.engine == SqlEngine::Sqlite) {
        if (auto kept = backUpSqlite(target, **version); !kept)
            return kept;
    }
    for (qint64 next = version->value_or(0) + 1; next <= latestVersion; ++next) {
        if (auto done = runStep(database, next); !done)
            return done;
    }
    return {};
}

} // namespace

Result<void> migrate(Database &database, const DatabaseTarget &target)
{
    return database.inTransaction([&] { return bringUp(database, target); });
}

Result<qint64> accessVersion(Database &database)
{
    auto text = note(database, QLatin1String(accessVersionName));
    if (!text)
        return std::move(text).error();
    return *text ? (*text)->toLongLong() : 0;
}

Result<std::optional<QString>> note(Database &database, const QString &name)
{
    auto query = database.run(QStringLiteral("SELECT value FROM gatehouse_notes WHERE name = ?"), {name});
    if (!query)
        return std::move(query).error();
    if (!(*query)->next())
        return std::optional<QString>();
    const QString text = (*query)->value(0).toString();
    (*query)->finish();
    return std::optional(text);
}

Result<void> setNote(Database &database, const QString &name, const QString &text)
{
    auto done = database.run(QStringLiteral("INSERT INTO gatehouse_notes (name, value) VALUES (?, ?) "
                                            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
                             {name, text});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger_schema.h"

namespace gatehouse {

namespace {

// Numbers rise with the insertion and are never used again; a page of the log is cut by them. Rows of one
// key, and failures, are found by an index of their own; a span of time by gatehouse_ledger_days. key_number
// is gatehouse_usage_names' number: a key's id would make its index four times as large. failure: 4 or 5, a
// failed status's class, else NULL.
QStringList requestTables(bool isSqlite)
{
    const QString number = isSqlite ? QStringLiteral("INTEGER PRIMARY KEY AUTOINCREMENT")
                                    : QStringLiteral("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    // SQLite puts the row's number at the end of every index by itself.
    const QString keyColumns = isSqlite ? QStringLiteral("key_number") : QStringLiteral("key_number, number");
    return {
        QStringLiteral(
            "CREATE TABLE gatehouse_requests (number %1, at BIGINT NOT NULL, request_id TEXT NOT NULL,"
            " key_number BIGINT NOT NULL, method TEXT NOT NULL, endpoint TEXT NOT NULL,"
            " status INTEGER NOT NULL, failure SMALLINT, error TEXT NOT NULL, model TEXT NOT NULL,"
            " route TEXT NOT NULL, prompt_tokens BIGINT NOT NULL,"
            " completion_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL,"
            " tokens_estimated SMALLINT NOT NULL, first_token_ms DOUBLE PRECISION,"
            " response_ms DOUBLE PRECISION NOT NULL)")
            .arg(number),
        QStringLiteral("CREATE INDEX gatehouse_requests_by_key ON gatehouse_requests (%1)").arg(keyColumns),
        QStringLiteral(
            "CREATE INDEX gatehouse_requests_failed ON gatehouse_requests (%1) WHERE failure IS NOT NULL")
            .arg(isSqlite ? QStringLiteral("failure") : QStringLiteral("failure, number")),
        // The days (UTC, counted from 1970) that requests began on, with numbers between which those of the
        // requests lie; kept when the requests are pruned.
        QStringLiteral(
            "CREATE TABLE gatehouse_ledger_days (day BIGINT PRIMARY KEY, first_number BIGINT NOT NULL,"
            " last_number BIGINT NOT NULL)"),
    };
}

// The roll-ups. key_number and model_number are gatehouse_usage_names' numbers; key_number 0 is all keys
// together. SQLite writes whole pages, so there what changes together, the current day, lies together; a
// question names its days. PostgreSQL rather wants a question's rows in one span.
QStringList usageTables(bool isSqlite)
{
    const QString number = isSqlite ? QStringLiteral("INTEGER PRIMARY KEY AUTOINCREMENT")
                                    : QStringLiteral("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    const QString order = isSqlite ? QStringLiteral("day, key_number") : QStringLiteral("key_number, day");
    const QString clustered = isSqlite ? QStringLiteral(" WITHOUT ROWID") : QString();
    return {
        QStringLiteral("CREATE TABLE gatehouse_usage_names (number %1, name TEXT NOT NULL UNIQUE)")
            .arg(number),
        QStringLiteral("CREATE TABLE gatehouse_usage_daily (key_number BIGINT NOT NULL, day BIGINT NOT NULL,"
                       " model_number BIGINT NOT NULL, requests BIGINT NOT NULL, errors BIGINT NOT NULL,"
                       " prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL,"
                       " cached_tokens BIGINT NOT NULL, response_ms DOUBLE PRECISION NOT NULL,"
                       " PRIMARY KEY (%1, model_number))%2")
            .arg(order, clustered),
        // bucket: see store/latency_buckets.h.
        QStringLiteral(
            "CREATE TABLE gatehouse_usage_latency (key_number BIGINT NOT NULL, day BIGINT NOT NULL,"
            " model_number BIGINT NOT NULL, bucket INTEGER NOT NULL, requests BIGINT NOT NULL,"
            " PRIMARY KEY (%1, model_number, bucket))%2")
            .arg(order, clustered),
    };
}

} // namespace

QStringList ledgerSchema(SqlEngine engine)
{
    const bool isSqlite = engine == SqlEngine::Sqlite;
    return requestTables(isSqlite) + usageTables(isSqlite) +
           QStringList{QStringLiteral(
               "CREATE TABLE gatehouse_ledger_files (name TEXT PRIMARY KEY, position BIGINT NOT NULL)")};
}

} // namespace gatehouse

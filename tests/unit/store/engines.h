// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/needs_server.h"
#include "services/postgres_server.h"
#include "store/database_target.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace gatehouse {

/// Fresh databases on either engine, for tests that run on both: call addRows() in the `_data` function and
/// GATEHOUSE_FRESH_TARGET(name, engines) in the test.
class Engines
{
public:
    static void addRows()
    {
        QTest::addColumn<bool>("onPostgres");
        QTest::newRow("sqlite") << false;
        QTest::newRow("postgresql") << true;
    }

    /// The server, running; null: it does not start.
    services::PostgresServer *postgres()
    {
        if (!m_postgres)
            m_postgres = std::make_unique<services::PostgresServer>(
                services::PostgresServer::Listen::UnixSocketAndTcp);
        return m_postgres->start() ? m_postgres.get() : nullptr;
    }

    Result<DatabaseTarget> fresh(bool onPostgres)
    {
        QString url = QStringLiteral("sqlite:///%1.db").arg(++m_files);
        if (onPostgres) {
            services::PostgresServer *server = postgres();
            url = server ? server->makeDatabase() : QString();
            if (url.isEmpty())
                return Error{ErrorCode::Internal, QStringLiteral("no PostgreSQL")};
        }
        return parseDatabaseUrl(url, m_folder.path());
    }

    [[nodiscard]] QString folder() const { return m_folder.path(); }

private:
    QTemporaryDir m_folder;
    int m_files = 0;
    std::unique_ptr<services::PostgresServer> m_postgres;
};

/// Defines `name`, an empty database's DatabaseTarget, on the engine that the row names.
#define GATEHOUSE_FRESH_TARGET(name, engines)                                                                \
    QFETCH(const bool, onPostgres);                                                                          \
    if (onPostgres)                                                                                          \
        GATEHOUSE_NEEDS_SERVER(PostgresServer);                                                              \
    const auto name##OrError = (engines).fresh(onPostgres);                                                  \
    QVERIFY2(name##OrError, name##OrError ? "" : qPrintable(name##OrError.error().message));                 \
    const gatehouse::DatabaseTarget name = *name##OrError

/// Fails the test with the error's texts.
#define GATEHOUSE_VERIFY_OK(expression)                                                                      \
    do {                                                                                                     \
        const auto &resultHere = (expression);                                                               \
        QVERIFY2(resultHere,                                                                                 \
                 resultHere ? ""                                                                             \
                            : qPrintable(resultHere.error().message + u' ' + resultHere.error().detail));    \
    } while (false)

} // namespace gatehouse

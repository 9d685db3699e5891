// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/server_process.h"

#include <QTemporaryDir>

namespace gatehouse::services {

/// A PostgreSQL of the test's own, on a Unix socket, and on a free port of 127.0.0.1 if asked to; it asks for
/// a password on both. Quick rather than safe: a crash of the machine would lose its data, one of the server
/// does not. It ends with the object, and with the thread that started it. Not thread-safe.
class PostgresServer
{
public:
    enum class Listen { UnixSocket, UnixSocketAndTcp };
    explicit PostgresServer(Listen listen = Listen::UnixSocket);
    ~PostgresServer();
    Q_DISABLE_COPY_MOVE(PostgresServer)

    /// Why it can't be run here; empty: it can (see needs_server.h).
    [[nodiscard]] static QString whyMissing();

    /// Whether it answers. The first time it makes the data; after stop() or kill(): with the data there was.
    [[nodiscard]] bool start();
    void stop(); ///< In an orderly way; sends the clients away.
    void kill(); ///< As a crash would.
    [[nodiscard]] bool isRunning() const { return m_process->isRunning(); }

    /// Makes an empty database; the value is its DATABASE_URL, through the Unix socket. Empty: it failed.
    [[nodiscard]] QString makeDatabase();
    /// The same through TCP.
    [[nodiscard]] QString overTcp(const QString &url) const;
    [[nodiscard]] int port() const { return m_port; } ///< 0: no TCP.
    [[nodiscard]] static QString password();
    [[nodiscard]] QString log() const;

private:
    [[nodiscard]] bool makeData();
    [[nodiscard]] bool runTool(const QString &name, const QStringList &arguments);
    [[nodiscard]] bool isReady() const;
    [[nodiscard]] QString dataFolder() const;

    QTemporaryDir m_folder;
    int m_port = 0;
    int m_databases = 0;
    bool m_hasData = false;
    std::unique_ptr<ServerProcess> m_process;
};

} // namespace gatehouse::services

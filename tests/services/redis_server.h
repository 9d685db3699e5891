// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "services/server_process.h"

#include <QTemporaryDir>

namespace gatehouse::services {

/// A Redis of the test's own that keeps nothing on disk: on a Unix socket, and on a free port of 127.0.0.1 if
/// asked to. It ends with the object, and with the thread that started it. Not thread-safe.
class RedisServer
{
public:
    enum class Listen { UnixSocket, UnixSocketAndTcp };
    explicit RedisServer(Listen listen = Listen::UnixSocket);
    ~RedisServer();
    Q_DISABLE_COPY_MOVE(RedisServer)

    /// Why it can't be run here; empty: it can (see needs_server.h).
    [[nodiscard]] static QString whyMissing();

    /// Whether it answers. After stop() or kill(): again, empty, at the same addresses.
    [[nodiscard]] bool start();
    void stop();   ///< In an orderly way.
    void kill();   ///< As a crash would.
    void freeze(); ///< Connections stay, and nothing is answered.
    void thaw();
    [[nodiscard]] bool isRunning() const { return m_process && m_process->isRunning(); }

    [[nodiscard]] QString socketPath() const;
    [[nodiscard]] int port() const { return m_port; } ///< 0: no TCP.
    /// `redis://127.0.0.1:PORT/0`, or without TCP `unix:///…/redis.sock`.
    [[nodiscard]] QString url() const;
    [[nodiscard]] QString log() const;

private:
    QTemporaryDir m_folder;
    int m_port = 0;
    std::unique_ptr<ServerProcess> m_process;
};

} // namespace gatehouse::services

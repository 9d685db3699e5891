// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProcess>
#include <QStringList>

#include <sys/types.h>

#include <functional>
#include <memory>

namespace gatehouse::services {

/// A server as a child process that ends with this object, and with the thread that started it, however that
/// ends. Its output goes to a file, so that nobody has to read along. Not thread-safe.
class ServerProcess
{
public:
    struct Options
    {
        QString program;
        QStringList arguments;
        QString logFile;
        std::optional<uid_t> user = {}; ///< To run as, with the user's own group.
        std::optional<gid_t> group = {};
        int deathSignal = 0; ///< What the child gets when its parent is gone.
    };
    explicit ServerProcess(Options options);
    ~ServerProcess();
    Q_DISABLE_COPY_MOVE(ServerProcess)

    /// Starts it, again if it ends too early (what a killed one held may be held for a moment longer), until
    /// `isReady`. The value is whether it is, within 30 s.
    [[nodiscard]] bool start(const std::function<bool()> &isReady);
    /// Runs it to its end; whether it exited with 0.
    [[nodiscard]] bool runToEnd();
    void sendSignal(int signal); ///< SIGSTOP and SIGCONT, say.
    void end(int signal);        ///< Sends it and sees the process off.
    [[nodiscard]] bool isRunning() const;
    [[nodiscard]] qint64 id() const { return m_process ? m_process->processId() : 0; }
    [[nodiscard]] QString log() const; ///< What it has said, for failures' messages.

private:
    void launch();
    Options m_options;
    std::unique_ptr<QProcess> m_process;
};

/// The program's path: in PATH, or else in `parent`/*/`inside`, where the last by name wins. Empty: none.
[[nodiscard]] QString findProgram(const QString &name, const QString &parent = {},
                                  const QString &inside = {});

/// A port of 127.0.0.1 that was free a moment ago.
[[nodiscard]] int freePort();

} // namespace gatehouse::services

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProcess>
#include <QUrl>

namespace gatehouse::test {

/// A real llama-server on loopback with the demo model, ended with this object.
class LlamaServer
{
public:
    static constexpr int contextLength = 512; ///< Of its one slot.

    /// `arguments`: besides model, address, context and number of slots.
    explicit LlamaServer(QStringList arguments = {});
    ~LlamaServer();

    /// Waits until it answers; on the same port each time. False when it ended or said nothing for a minute.
    [[nodiscard]] bool start();
    void kill(); ///< SIGKILL, and waits for the end.

    [[nodiscard]] QUrl url() const; ///< With `/v1`.
    [[nodiscard]] QByteArray log() { return m_process.readAll(); }

private:
    [[nodiscard]] bool startOnPort();
    [[nodiscard]] bool isHealthy() const;

    QStringList m_arguments;
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace gatehouse::test

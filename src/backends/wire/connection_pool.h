// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QBasicTimer>
#include <QHash>
#include <QTcpSocket>

#include <memory>
#include <vector>

namespace gatehouse {

/// Frees a socket when control is back in the event loop: it may be in the middle of a signal.
struct SocketDeleter
{
    void operator()(QTcpSocket *socket) const;
};
using SocketPtr = std::unique_ptr<QTcpSocket, SocketDeleter>;

/// Connections that wait for their next request, by origin, the one used last first. What an upstream closes
/// or speaks into while it waits is dropped. Lives in one thread.
class ConnectionPool : public QObject
{
    Q_OBJECT
public:
    static constexpr size_t mostPerOrigin = 256;
    static constexpr std::chrono::seconds longestWait{60};

    /// Null if none is waiting. Nothing is connected to the socket's signals.
    [[nodiscard]] SocketPtr take(const QByteArray &origin);

    /// `socket` is connected and free. Its signals are the pool's from now on.
    void giveBack(const QByteArray &origin, SocketPtr socket);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Waiting
    {
        SocketPtr socket;
        MonotonicTime since;
    };
    void drop(const QByteArray &origin, const QTcpSocket *socket);

    QHash<QByteArray, std::shared_ptr<std::vector<Waiting>>> m_waiting;
    QBasicTimer m_sweep; ///< Runs while anything waits.
};

} // namespace gatehouse

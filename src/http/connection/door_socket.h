// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/lingering_close.h"

#include <QSslSocket>
#include <QTcpSocket>

namespace gatehouse {

/// What a WebSocket wants of its socket that QWebSocket doesn't ask for.
class SocketManner
{
public:
    /// close() becomes gentle, for QWebSocket closes its socket as soon as it has written its close frame:
    /// the peer of a refused message, still sending, would get a reset instead.
    void setLingering(bool lingering) { m_lingering = lingering; }

    /// From now on nothing is written through QTcpSocket's buffer, which keeps 32 KiB for good once it was
    /// used, but to the system; what that doesn't take is held for it, and given back once it has.
    virtual void writeDirectly() {}
    /// What is written between these two goes out in one piece.
    virtual void holdBack() {}
    virtual void letGo() {}

protected:
    ~SocketManner() = default;
    bool m_lingering = false;
};

template <typename Base>
class DoorSocket : public Base, public SocketManner
{
public:
    void close() override
    {
        if (std::exchange(m_lingering, false) && Base::state() == QAbstractSocket::ConnectedState)
            new LingeringClose(*this);
        else
            Base::close();
    }
};

using SecureDoorSocket = DoorSocket<QSslSocket>;

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/lingering_close.h"

#include <QSslSocket>
#include <QTcpSocket>

namespace gatehouse {

/// What close() of a DoorSocket does.
class CloseManner
{
public:
    void setLingering(bool lingering) { m_lingering = lingering; }

protected:
    bool m_lingering = false;
};

/// A socket whose close() can be made gentle, for the sake of QWebSocket, which closes its socket as soon as
/// it has written its close frame: the peer of a refused message, still sending, would get a reset instead.
template <typename Base>
class DoorSocket final : public Base, public CloseManner
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

using PlainDoorSocket = DoorSocket<QTcpSocket>;
using SecureDoorSocket = DoorSocket<QSslSocket>;

} // namespace gatehouse

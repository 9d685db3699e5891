// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/door_socket.h"

#include <QByteArray>

#include <memory>

class QSocketNotifier;

namespace gatehouse {

/// A DoorSocket without TLS, which can write by itself.
class PlainDoorSocket final : public DoorSocket<QTcpSocket>
{
    Q_OBJECT
public:
    PlainDoorSocket();
    ~PlainDoorSocket() override;

    void writeDirectly() override { m_isDirect = true; }
    void holdBack() override { m_holdsBack = true; }
    void letGo() override;

    [[nodiscard]] qint64 bytesToWrite() const override;
    void disconnectFromHost() override;

protected:
    qint64 writeData(const char *data, qint64 size) override;

private:
    /// Gives the system what it takes of `bytes`: how many.
    [[nodiscard]] qint64 push(QByteArrayView bytes);
    void pushHeld();
    void awaitRoom();
    void forget();

    QByteArray m_held;                       ///< What the system has still to take.
    std::unique_ptr<QSocketNotifier> m_room; ///< Made when first needed.
    bool m_isDirect = false;
    bool m_holdsBack = false;
};

} // namespace gatehouse

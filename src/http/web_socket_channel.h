// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QObject>

namespace gatehouse {

/// One open WebSocket (RFC 6455), text messages only: binary ones close it with 1003, messages over the body
/// limit with 1009, text that is no UTF-8 with 1007. The lane pings every 30 s and closes a peer that was
/// silent for two pings. Owned by the lane; deleted after closed().
///
/// Nothing is read from a peer that doesn't take what it is sent: not between congested() and drained(), save
/// what had been received by then, so a peer can't have answers heaped up for it by asking and asking. A peer
/// that takes nothing at all for the write timeout is cut, and so is one for whom more than 4 MiB are pending
/// when another message is to be sent: by a source that doesn't heed congested(), or as the answers to more
/// messages than anybody sends at once who means well.
class WebSocketChannel : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// Sends a text message. Emits congested() and drained() before it returns, never closed().
    virtual void send(const QByteArray &utf8) = 0;
    /// Says goodbye; may emit closed(). Messages that still come are dropped.
    virtual void close(quint16 code, const QString &reason) = 0;
    [[nodiscard]] virtual qint64 pendingBytes() const = 0;

Q_SIGNALS:
    void message(const QByteArray &utf8);
    void congested(); ///< As ResponseSink::congested; or closed() follows.
    void drained();
    void draining(); ///< The server is going down: finish, then close(1001).
    void closed();
};

} // namespace gatehouse

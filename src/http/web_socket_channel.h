// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QObject>

namespace gatehouse {

/// One open WebSocket (RFC 6455), text messages only: binary ones close it with 1003, messages over the body
/// limit with 1009. The lane pings every 30 s and closes a peer that was silent for two pings. Owned by the
/// lane; deleted after closed().
class WebSocketChannel : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual void send(const QByteArray &utf8) = 0;
    virtual void close(quint16 code, const QString &reason) = 0;
    [[nodiscard]] virtual qint64 pendingBytes() const = 0;

Q_SIGNALS:
    void message(const QByteArray &utf8);
    void congested(); ///< As ResponseSink::congested.
    void drained();
    void draining(); ///< The server is going down: finish, then close(1001).
    void closed();
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/connection/deadline.h"

#include <QObject>

class QTcpSocket;

namespace gatehouse {

/// The end of a connection whose peer may still be sending: closing at once would answer its bytes with a
/// reset, which can overtake the last answer (RFC 9112 §9.6). So this sends what is pending, says that
/// nothing more will come, and throws away what does come until the peer closes, too. It waits for at most 2
/// s of silence, 10 s or 64 MiB, and then aborts the socket.
///
/// A child of the socket, and from its making on the only one that hears of readyRead().
class LingeringClose : public QObject
{
    Q_OBJECT
public:
    explicit LingeringClose(QTcpSocket &socket);

private:
    void shutWhenSent();
    void discard();
    void awaitMore();

    QTcpSocket &m_socket;
    const Deadline::Time m_end;
    Deadline m_deadline;
    bool m_shut = false;
    qint64 m_discarded = 0;
};

} // namespace gatehouse

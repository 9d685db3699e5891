// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "http/wire/request_head.h"

#include <QHttpServer>
#include <QObject>

#include <deque>
#include <functional>

namespace gatehouse {

class VirtualListener;
class VirtualSocket;

/// A lane's QHttpServer, kept from the network: it is fed one complete, canonical request at a time through
/// one virtual socket that lives as long as the lane, so no client's leaving can leave it with a dangling
/// pointer, and its one handler leads back to the connection that the request came from.
///
/// The body doesn't travel along: QHttpServer 6.4 would copy it three times, and the handler takes it from
/// the connection. Nor does the answer: its responder is dropped at once, which is safe in every version.
class HttpServerBridge : public QObject
{
    Q_OBJECT
public:
    /// Called within QHttpServer's handler; with false, outside of it, if QHttpServer did not take the
    /// request.
    using Serve = std::function<void(bool taken)>;

    explicit HttpServerBridge(QObject *parent = nullptr);
    ~HttpServerBridge() override;

    [[nodiscard]] Result<void> open();

    /// Leads `head` through QHttpServer to `serve`, before it returns unless another request is just on its
    /// way; then right after that one, still before control is back in the event loop.
    void dispatch(const RequestHead &head, Serve serve);

private:
    struct Passage
    {
        QByteArray ticket;
        QByteArray bytes;
        Serve serve;
    };

    void installHandler();
    void connectSocket();
    void lead(Passage passage);
    void arrive(const QByteArray &ticket);

    QHttpServer m_server;
    VirtualListener *m_listener = nullptr; ///< Owned by m_server.
    VirtualSocket *m_socket = nullptr;     ///< Owned by m_server.
    std::deque<Passage> m_queue;
    Passage *m_current = nullptr;
    quint64 m_lastTicket = 0;
};

} // namespace gatehouse

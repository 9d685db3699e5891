// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/bridge/http_server_bridge.h"

#include "http/bridge/virtual_socket.h"
#include "http/wire/canonical_request.h"

#include <QHttpServerRequest>
#include <QHttpServerResponder>
#include <QTcpServer>

namespace gatehouse {

namespace {

/// Tells the requests apart inside QHttpServer 6.4, whose requests know neither their socket nor its port.
/// renderCanonical() drops what a client sends under this name.
constexpr char ticketField[] = "x-gatehouse-passage";

} // namespace

/// Hands virtual sockets to QHttpServer as if they had been accepted.
class VirtualListener final : public QTcpServer
{
public:
    using QTcpServer::addPendingConnection;
};

HttpServerBridge::HttpServerBridge(QObject *parent)
    : QObject(parent)
{}

HttpServerBridge::~HttpServerBridge() = default;

Result<void> HttpServerBridge::open()
{
    installHandler();
    auto listener = std::make_unique<VirtualListener>();
    if (!listener->listen(QHostAddress::LocalHost) && !listener->listen(QHostAddress::LocalHostIPv6))
        return Error{.message = QStringLiteral("No loopback interface."), .detail = listener->errorString()};
#if QT_VERSION >= QT_VERSION_CHECK(6, 8, 0)
    if (!m_server.bind(listener.get()))
        return Error{.message = QStringLiteral("QHttpServer refuses the virtual connection.")};
#else
    m_server.bind(listener.get());
#endif
    m_listener = listener.release();
    connectSocket();
    // It listened only because bind() of 6.8 refuses what doesn't.
    m_listener->close();
    return {};
}

void HttpServerBridge::connectSocket()
{
    m_socket = new VirtualSocket(&m_server);
    m_listener->addPendingConnection(m_socket);
}

void HttpServerBridge::installHandler()
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 8, 0)
    m_server.setMissingHandler(this,
                               [this](const QHttpServerRequest &request, QHttpServerResponder &responder) {
                                   [[maybe_unused]] const QHttpServerResponder dropped = std::move(responder);
                                   arrive(request.value(ticketField));
                               });
#else
    m_server.setMissingHandler([this](const QHttpServerRequest &request, QHttpServerResponder &&) {
        arrive(request.value(ticketField));
    });
#endif
}

void HttpServerBridge::dispatch(const RequestHead &head, Serve serve)
{
    const QByteArray ticket = QByteArray::number(++m_lastTicket);
    m_queue.push_back({ticket, renderCanonical(head, {}, {ticketField, ticket}), std::move(serve)});
    while (!m_current && !m_queue.empty()) {
        Passage passage = std::move(m_queue.front());
        m_queue.pop_front();
        lead(std::move(passage));
    }
}

void HttpServerBridge::lead(Passage passage)
{
    m_current = &passage;
    m_socket->receive(passage.bytes);
    if (passage.serve) { // QHttpServer has lost its way or given up its connection: once more on a new one.
        m_socket->deleteLater();
        connectSocket();
        m_socket->receive(passage.bytes);
    }
    m_current = nullptr;
    if (passage.serve)
        passage.serve(false);
}

void HttpServerBridge::arrive(const QByteArray &ticket)
{
    if (!m_current || m_current->ticket != ticket || !m_current->serve)
        return;
    const Serve serve = std::exchange(m_current->serve, nullptr);
    serve(true);
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/lane.h"

#include "http/bridge/http_server_bridge.h"
#include "http/connection/connection.h"
#include "http/connection/connection_context.h"
#include "http/connection/plain_door_socket.h"
#include "http/websocket/web_socket_upgrader.h"

namespace gatehouse {

namespace {

RequestLimits limitsOf(const ServerSettings &settings)
{
    return {.head = {.maxHeadBytes = settings.maxHeadBytes, .maxTargetBytes = settings.maxTargetBytes},
            .maxBodyBytes = settings.maxBodyBytes};
}

Error overloadedError()
{
    return {.code = ErrorCode::Overloaded,
            .message = QStringLiteral("Too many connections."),
            .retryAfter = std::chrono::seconds(1)};
}

template <typename Visit>
void eachConnection(const QObject &parent, Visit visit)
{
    const auto connections = parent.findChildren<Connection *>(Qt::FindDirectChildrenOnly);
    for (Connection *connection : connections)
        visit(*connection);
}

} // namespace

Lane::Lane(int index, const LaneMaterial &material)
    : m_index(index)
    , m_material(material)
{}

Lane::~Lane() = default;

void Lane::take(Descriptor descriptor, Acceptor::Reception reception)
{
    // Counted here, so that the acceptor sees at once what it has handed over.
    ConnectionSlot slot(m_material.door, m_occupancy);
    QMetaObject::invokeMethod(
        this,
        [this, reception, descriptor = std::make_shared<Descriptor>(std::move(descriptor)),
         slot = std::make_shared<ConnectionSlot>(std::move(slot))] {
            serve(std::move(*descriptor), std::move(*slot), reception);
        },
        Qt::QueuedConnection);
}

void Lane::open()
{
    m_service = m_material.factory(m_index);
    m_bridge = std::make_unique<HttpServerBridge>();
    if (const auto opened = m_bridge->open(); !opened)
        m_material.log.error("lane broken", {{"lane", qint64(m_index)},
                                             {"reason", opened.error().message.toUtf8()},
                                             {"detail", opened.error().detail.toUtf8()}});
    m_upgrader = std::make_unique<WebSocketUpgrader>(
        WebSocketLimits{.maxMessageBytes = m_material.settings.maxBodyBytes,
                        .pingInterval = m_material.tuning.webSocketPing,
                        .writeTimeout = m_material.settings.writeTimeout});
    m_context.reset(new ConnectionContext{.settings = m_material.settings,
                                          .clock = m_material.clock,
                                          .limits = limitsOf(m_material.settings),
                                          .bridge = *m_bridge,
                                          .upgrader = *m_upgrader,
                                          .service = m_service.get()});
    m_connections = std::make_unique<QObject>();
    connect(&m_occupancy, &Occupancy::vacated, this, &Lane::checkEmptied);
}

void Lane::setTls(const TlsIdentity &identity)
{
    m_tls = tlsConfiguration(identity);
}

void Lane::serve(Descriptor descriptor, ConnectionSlot slot, Acceptor::Reception reception)
{
    std::unique_ptr<QTcpSocket> socket;
    if (m_tls)
        socket = std::make_unique<SecureDoorSocket>();
    else
        socket = std::make_unique<PlainDoorSocket>();
    if (!socket->setSocketDescriptor(descriptor.get()))
        return; // The client has gone already.
    (void)descriptor.release();
    if (m_tls) {
        auto &secure = static_cast<QSslSocket &>(*socket);
        secure.setSslConfiguration(*m_tls);
        secure.startServerEncryption();
    }
    auto *connection = new Connection(*m_context, *socket.release(), std::move(slot), m_connections.get());
    if (reception == Acceptor::Reception::Refuse)
        connection->refuseAll(overloadedError());
    else
        connection->start();
    if (m_context->draining)
        connection->drain();
}

void Lane::drain()
{
    m_context->draining = true;
    m_service->drain();
    eachConnection(*m_connections, [](Connection &connection) { connection.drain(); });
    m_upgrader->drain();
    checkEmptied();
}

void Lane::cancel()
{
    m_service.reset(); // Its answers write their last words into their sinks.
    m_context->service = nullptr;
    eachConnection(*m_connections, [](Connection &connection) { connection.cancel(); });
    m_upgrader->closeAll();
}

void Lane::close()
{
    m_occupancy.disconnect(this);
    m_service.reset();
    m_connections.reset();
    m_context.reset();
    m_upgrader.reset();
    m_bridge.reset();
}

void Lane::checkEmptied()
{
    if (m_context->draining && m_occupancy.count() == 0 && !std::exchange(m_emptied, true))
        Q_EMIT emptied();
}

} // namespace gatehouse

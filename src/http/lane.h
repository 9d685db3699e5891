// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/acceptor.h"
#include "http/connection/connection_slot.h"
#include "http/connection/descriptor.h"
#include "http/server.h"
#include "http/tls_identity.h"

#include <QObject>

#include <memory>
#include <optional>

namespace gatehouse {

class HttpServerBridge;
class WebSocketUpgrader;
struct ConnectionContext;

/// What the lanes are made with; all of it outlives them.
struct LaneMaterial
{
    const ServerSettings &settings;
    const ServerTuning &tuning;
    const Clock &clock;
    Log &log;
    const LaneServiceFactory &factory;
    Occupancy &door; ///< Of all lanes together.
};

/// One event loop with all that belongs to its connections. Made in the main thread, moved to its own, and
/// from then on spoken to by queued invocations only, except where a member says otherwise.
class Lane : public QObject
{
    Q_OBJECT
public:
    Lane(int index, const LaneMaterial &material);
    ~Lane() override;

    /// Thread-safe: how many connections were handed to this lane and are still open.
    [[nodiscard]] int load() const { return m_occupancy.count(); }

    /// Thread-safe; the rest happens in the lane's thread, in the order of the calls.
    void take(Descriptor descriptor, Acceptor::Reception reception);

    // In the lane's thread:
    void open();
    void setTls(const TlsIdentity &identity);
    void drain();
    /// Destroys the service, lets its last words out and closes everything.
    void cancel();
    /// Destroys everything.
    void close();

Q_SIGNALS:
    /// Draining, and the last connection has ended.
    void emptied();

private:
    void serve(Descriptor descriptor, ConnectionSlot slot, Acceptor::Reception reception);
    void checkEmptied();

    const int m_index;
    const LaneMaterial m_material;
    Occupancy m_occupancy;
    std::optional<QSslConfiguration> m_tls;
    std::unique_ptr<LaneService> m_service;
    std::unique_ptr<HttpServerBridge> m_bridge;
    std::unique_ptr<QObject> m_connections; ///< The parent of connections and lingering closes.
    std::unique_ptr<WebSocketUpgrader> m_upgrader;
    std::unique_ptr<ConnectionContext> m_context;
    bool m_emptied = false;
};

} // namespace gatehouse

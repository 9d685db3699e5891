// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/acceptor.h"

#include <QHostInfo>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace gatehouse {

namespace {

using namespace std::chrono_literals;

constexpr int backlog = 4096; // The system cuts it to net.core.somaxconn.
constexpr int mostRefusedAtOnce = 64;
constexpr int mostAtOnce = 256; // Whatever else its thread does has its turn after so many.
constexpr auto pauseAfterShortage = 100ms;

Descriptor openReserve()
{
    return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int acceptOne(const QTcpServer &listener, int flags)
{
    return ::accept4(static_cast<int>(listener.socketDescriptor()), nullptr, nullptr, flags | SOCK_CLOEXEC);
}

bool isShortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Result<QHostAddress> resolve(QString host)
{
    if (host.startsWith(u'[') && host.endsWith(u']'))
        host = host.mid(1, host.size() - 2);
    // All interfaces of both families; QHostAddress::AnyIPv6 would leave IPv4 out.
    if (host == u"::" || host == u"*" || host.isEmpty())
        return QHostAddress(QHostAddress::Any);
    if (const QHostAddress address(host); !address.isNull())
        return address;
    const QHostInfo found = QHostInfo::fromName(host);
    if (found.addresses().isEmpty())
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("Cannot listen on %1: %2.").arg(host, found.errorString())};
    return found.addresses().constFirst();
}

} // namespace

Acceptor::Acceptor(int maxConnections, const Occupancy &occupancy, Log &log, HandOver handOver)
    : m_maxConnections(maxConnections)
    , m_occupancy(occupancy)
    , m_log(log)
    , m_handOver(std::move(handOver))
    , m_reserve(openReserve())
{
    m_pause.setSingleShot(true);
    m_pause.callOnTimeout(this, [this] { m_readable->setEnabled(true); });
}

Result<quint16> Acceptor::open(const QString &host, quint16 port)
{
    const auto address = resolve(host);
    if (!address)
        return address.error();
    m_listener.setListenBacklogSize(backlog);
    if (!m_listener.listen(*address, port))
        return Error{.code = ErrorCode::InvalidRequest,
                     .message = QStringLiteral("Cannot listen on %1:%2: %3.")
                                    .arg(host)
                                    .arg(port)
                                    .arg(m_listener.errorString())};
    m_listener.pauseAccepting();
    m_readable = std::make_unique<QSocketNotifier>(m_listener.socketDescriptor(), QSocketNotifier::Read);
    connect(m_readable.get(), &QSocketNotifier::activated, this, &Acceptor::acceptWaiting);
    return m_listener.serverPort();
}

void Acceptor::shut()
{
    m_pause.stop();
    m_readable.reset();
    m_listener.close();
}

void Acceptor::acceptWaiting()
{
    for (int i = 0; i < mostAtOnce; ++i) {
        Descriptor accepted(acceptOne(m_listener, SOCK_NONBLOCK));
        if (accepted.isValid())
            receive(std::move(accepted));
        else if (errno == EAGAIN)
            return;
        else if (isShortage(errno))
            return recover(errno);
        // Else one that has gone before it was accepted: to the next.
    }
}

void Acceptor::receive(Descriptor descriptor)
{
    const int occupied = m_occupancy.count();
    const bool isFull = occupied >= m_maxConnections;
    (isFull ? m_refused : m_accepted).fetch_add(1, std::memory_order_relaxed);
    if (occupied >= m_maxConnections + mostRefusedAtOnce)
        return;
    const int on = 1; // An event that waits for Nagle's algorithm is late by 40 ms.
    ::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    m_handOver(std::move(descriptor), isFull ? Reception::Refuse : Reception::Serve);
}

void Acceptor::recover(int error)
{
    m_log.warning("accept failed", {{"reason", QByteArray(std::strerror(error))}});
    if (error == EMFILE)
        shedWaiting();
    m_readable->setEnabled(false);
    m_pause.start(pauseAfterShortage);
}

// Without descriptors nobody can be told anything; but who waits learns at once that it is of no use.
void Acceptor::shedWaiting()
{
    m_reserve.reset();
    for (int i = 0; i < mostAtOnce; ++i) {
        const Descriptor shed(acceptOne(m_listener, 0));
        if (!shed.isValid())
            break;
        m_refused.fetch_add(1, std::memory_order_relaxed);
    }
    m_reserve = openReserve();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/client_address.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// ::ffff:a.b.c.d is what a dual-stack listener sees of an IPv4 client.
QHostAddress unmapped(const QHostAddress &address)
{
    bool isV4 = false;
    const quint32 v4 = address.toIPv4Address(&isV4);
    return isV4 ? QHostAddress(v4) : address;
}

} // namespace

AddressSet::AddressSet(const QStringList &networks)
{
    for (const QString &text : networks) {
        auto network = QHostAddress::parseSubnet(text);
        if (network.second < 0) // A bare IPv6 address is no subnet to Qt.
            network = {QHostAddress(text), 128};
        if (!network.first.isNull())
            m_networks.append(network);
    }
}

bool AddressSet::contains(const QHostAddress &address) const
{
    const QHostAddress plain = unmapped(address);
    return std::any_of(m_networks.begin(), m_networks.end(),
                       [&plain](const auto &network) { return plain.isInSubnet(network); });
}

QHostAddress clientAddress(const QHostAddress &peer, QByteArrayView forwardedFor,
                           const AddressSet &trustedProxies)
{
    QHostAddress address = unmapped(peer);
    while (!forwardedFor.isEmpty() && trustedProxies.contains(address)) {
        const qsizetype comma = forwardedFor.lastIndexOf(',');
        const QByteArrayView last = forwardedFor.sliced(comma + 1).trimmed();
        address = unmapped(QHostAddress(QString::fromLatin1(last)));
        if (address.isNull())
            return {};
        forwardedFor = comma < 0 ? QByteArrayView() : forwardedFor.first(comma);
    }
    return address;
}

bool isLoopback(const QHostAddress &address)
{
    return unmapped(address).isLoopback();
}

} // namespace gatehouse

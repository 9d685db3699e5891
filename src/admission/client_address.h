// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHostAddress>
#include <QList>
#include <QStringList>

namespace gatehouse {

/// Networks in CIDR form (`10.0.0.0/8`, `::1`).
class AddressSet
{
public:
    /// Entries that are no network are left out; configuration has refused them before.
    explicit AddressSet(const QStringList &networks);
    [[nodiscard]] bool contains(const QHostAddress &address) const;

private:
    QList<QPair<QHostAddress, int>> m_networks;
};

/// Whose request it is: the peer itself or, behind trusted proxies, the last address in X-Forwarded-For that
/// is not a trusted proxy's. What stands left of that could have been written by anybody. An entry that is no
/// address ends the walk with a null address: such a caller is nobody's neighbour.
[[nodiscard]] QHostAddress clientAddress(const QHostAddress &peer, QByteArrayView forwardedFor,
                                         const AddressSet &trustedProxies);

/// 127.0.0.0/8 and ::1, also as an IPv4-mapped IPv6 address.
[[nodiscard]] bool isLoopback(const QHostAddress &address);

} // namespace gatehouse

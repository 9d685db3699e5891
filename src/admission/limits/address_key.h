// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings.h"

#include <QHostAddress>

namespace gatehouse {

/// Who shares counters: an IPv4 address (also one mapped into IPv6) by itself, an IPv6 address with its whole
/// /64, because that is what a provider gives to one customer. The upper half of an IPv6 address as it is, or
/// 0xffffffff and the IPv4 address; no sender has an upper half like that, which is multicast (RFC 4291
/// §2.7).
[[nodiscard]] quint64 addressKey(const QHostAddress &address);

/// Whether the gates for addresses look at this one: a null address never, loopback only where the settings
/// say so.
[[nodiscard]] bool isLimited(const QHostAddress &address, const LimitSettings &settings);

} // namespace gatehouse

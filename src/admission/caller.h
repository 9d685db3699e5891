// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/key_record.h"

#include <QByteArray>
#include <QHostAddress>

#include <memory>

namespace gatehouse {

/// Ids of callers who showed no credential.
inline constexpr QByteArrayView localCallerId = "local";
inline constexpr QByteArrayView anonymousCallerId = "anonymous";

/// Somebody whom the gates have let in.
struct Caller
{
    /// The key's id, or the user's; `local` for a keyless loopback peer, `static` for the configured key,
    /// `demo-admin` and `demo-user` for the demo keys, `anonymous` in mode off. Whoever shows a JWT that was
    /// made for a key is that key.
    QByteArray keyId = {};
    CallerRole role = CallerRole::User;
    std::shared_ptr<const KeyRecord> key = {}; ///< Limits and allow list; null where no key was shown.
    /// When the access token ends by which he was let in: nothing new is begun afterwards. Unset: no token.
    std::optional<WallTime> validUntil = {};
};

/// What a request shows of itself, before anybody believed it.
struct Credentials
{
    QHostAddress peer;        ///< The other end of the TCP connection.
    QByteArray forwardedFor;  ///< X-Forwarded-For as it came, all lines joined by commas.
    QByteArray authorization; ///< Authorization as it came.
    QByteArray apiKey;        ///< x-api-key as it came.
    QByteArray host;          ///< Host as it came.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHostAddress>

namespace gatehouse {

enum class CallerRole { User, Admin };

/// Somebody whom the gates have let in.
struct Caller
{
    QByteArray keyId; ///< `local` for a keyless loopback peer, `static` for the configured key, `anonymous`
                      ///< in mode off.
    CallerRole role = CallerRole::User;
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

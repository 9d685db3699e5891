// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

namespace gatehouse {

/// The request line and header fields of one valid HTTP/1.x request (RFC 9112). A value.
struct RequestHead
{
    enum class Framing { None, Length, Chunked };

    QByteArray method;    ///< As sent; methods are case-sensitive.
    QByteArray path;      ///< Starts with `/`, still percent-encoded, never normalised; `*` for OPTIONS only.
    QByteArray query;     ///< What follows the first `?` of the target.
    int minorVersion = 1; ///< 0 or 1; a client that speaks a later 1.x is spoken to in 1.1.

    /// As sent, hop-by-hop fields included (endToEndHeaders() drops them). For a target in absolute form Host
    /// holds the target's authority instead of what the client sent (RFC 9112 §3.2.2).
    Headers headers;

    Framing framing = Framing::None;
    qint64 contentLength = 0; ///< With Framing::Length; may be 0, and may be far over any body limit.

    bool keepAlive = true;       ///< What the version and the Connection options ask for.
    bool expectContinue = false; ///< A body follows once it is answered 100.
    bool isUpgradeToWebSocket =
        false; ///< GET, HTTP/1.1, no body, `Connection: upgrade`, `Upgrade: websocket`.

    friend bool operator==(const RequestHead &, const RequestHead &) = default;
};

/// Whether a field concerns this connection only: Connection, Keep-Alive, Proxy-Connection, TE, Trailer,
/// Transfer-Encoding, Upgrade, Expect, Content-Length. Fields that a client merely names in Connection are
/// not among them: nothing is forwarded from here field by field, and dropping them would let a client take
/// away what a trusted proxy added.
[[nodiscard]] bool concernsConnection(QByteArrayView name);

/// The fields that concern the handler.
[[nodiscard]] Headers endToEndHeaders(const Headers &headers);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "http/headers.h"

#include <QHash>
#include <QHostAddress>

namespace gatehouse {

/// Who is at the other end of a connection.
struct Peer
{
    QHostAddress address;
    quint16 port = 0;
    bool encrypted = false;
};

/// One complete, valid request within all limits. A value.
struct Request
{
    QByteArray method; ///< Upper case as sent; HEAD stays HEAD.
    QByteArray path;   ///< As sent, before `?`; still percent-encoded.
    QByteArray query;  ///< As sent, without `?`.
    Headers headers;   ///< Without hop-by-hop fields.
    QByteArray body;   ///< Decoded from its transfer coding.
    Peer peer;
    QByteArray id;       ///< The caller's own x-request-id if it is sane, else a fresh one.
    QByteArray endpoint; ///< The pattern of the route that matched (`/v1/models/{id}`).
    QHash<QByteArray, QByteArray> pathParameters; ///< Percent-decoded, by the pattern's names.
    MonotonicTime receivedAt;                     ///< When the first byte of it arrived.
};

} // namespace gatehouse

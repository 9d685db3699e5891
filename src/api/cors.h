// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/request.h"

#include <QStringList>

namespace gatehouse {

/// What lets a web page of an allowed origin read the answer (the CORS protocol, Fetch standard §3.2);
/// nothing for every other origin and for requests that don't come from a page. `origins`: exact origins, or
/// the one entry `*`. Credentials are allowed to listed origins only, never together with `*`.
[[nodiscard]] Headers corsFields(const Request &request, const QStringList &origins);

/// Whether whoever sends this may open a WebSocket, which browsers let every page try (RFC 6455 §10.2): a
/// program, which sends no Origin, a page of an allowed origin, or one from this very server. The last is
/// told by the scheme that was spoken here: behind a proxy that ends TLS, `origins` has to list it.
[[nodiscard]] bool isAllowedOrigin(const Request &request, const QStringList &origins);

/// What a preflight (OPTIONS) asks beyond that: the path's methods, and the headers that the page wants to
/// send.
[[nodiscard]] Headers preflightFields(const Request &request, const QByteArray &methods);

} // namespace gatehouse

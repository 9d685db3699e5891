// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"

namespace gatehouse {

/// A request to `path` below a route's base URL, with the route's headers and its credential: its API key as
/// a bearer token, else user and password of the URL (RFC 7617). A query of the base URL is kept.
[[nodiscard]] UpstreamRequest requestTo(const RouteSettings &route, QByteArrayView path);

/// Adds a header of our own, unless the operator has one of that name sent.
void addHeader(UpstreamRequest &request, const QByteArray &name, const QByteArray &value);

} // namespace gatehouse

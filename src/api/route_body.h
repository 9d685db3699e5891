// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/managed_routes.h"
#include "config/settings.h"
#include "dialects/json/writer.h"
#include "routing/route_health.h"

namespace gatehouse {

/// Reads the body of POST /api/routes: `key`, and the fields that [[routes]] have, `timeouts` and `headers`
/// as objects, `models` as a list or as an object of renames; null is as good as absent. Each field by itself
/// is what configuration wants of it; whether they go together is RouteEditor's to judge. Errors:
/// InvalidRequest, `param` names the field; no credential is in them.
[[nodiscard]] Result<ManagedRoute> readRouteBody(const QByteArray &body);

/// One route as /api/routes shows it. No credential, no header's value.
void writeRoute(json::Writer &writer, const RouteSettings &route, const RouteHealth &health);

} // namespace gatehouse

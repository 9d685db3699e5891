// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/writer.h"
#include "routing/route_health.h"

namespace gatehouse {

/// `unknown`, `ok`, `unavailable`
[[nodiscard]] const char *stateWord(RouteHealth::State state);

/// How a route is doing, as members of an object that is open: status, circuit, outstanding, waiting,
/// latency_ms, error.
void writeRouteState(json::Writer &writer, const RouteHealth &health);

} // namespace gatehouse

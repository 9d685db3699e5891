// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"

namespace gatehouse {

void addMetricsEndpoint(EndpointTable &table, LaneContext &context)
{
    const auto serve = [&context](Call &call) {
        call.reply(
            {.headers = {{"Content-Type", Metrics::contentType}}, .body = context.metrics().exposition()});
    };
    if (context.settings()->metrics.isPublic)
        table.addProbe("GET", "/metrics", serve);
    else
        table.add("GET", "/metrics", Access::Caller, serve);
}

} // namespace gatehouse

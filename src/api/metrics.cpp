// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"

namespace gatehouse {

void addMetricsEndpoint(EndpointTable &table, LaneContext &context)
{
    const Access access = context.settings()->metrics.isPublic ? Access::Public : Access::Caller;
    table.add("GET", "/metrics", access, [&context](Call &call) {
        call.reply(
            {.headers = {{"Content-Type", Metrics::contentType}}, .body = context.metrics().exposition()});
    });
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/metrics.h"

#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/health_body.h"
#include "api/lane_context.h"

namespace gatehouse {

namespace {

void addExposition(EndpointTable &table, LaneContext &context)
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

} // namespace

void addMetricsEndpoints(EndpointTable &table, LaneContext &context)
{
    table.add("GET", "/api/metrics", Access::Caller, [&context](Call &call) {
        call.addFields({{"Cache-Control", "no-store"}});
        call.replyJson(encodeFigures(context.metrics().figures()));
    });
    if (context.settings()->metrics.enabled)
        addExposition(table, context);
}

} // namespace gatehouse

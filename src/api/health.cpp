// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"

namespace gatehouse {

void addHealthEndpoints(EndpointTable &table, LaneContext &context)
{
    const auto alive = [](Call &call) {
        call.replyJson(R"({"status":"ok"})");
    };
    table.addProbe("GET", "/healthz", alive);
    table.addProbe("GET", "/health/live", alive);
    table.addProbe("GET", "/health/ready", [&context](Call &call) {
        const Readiness &readiness = context.readiness();
        const bool ready = readiness.isReady();
        call.replyJson(R"({"status":")" + QByteArray(readiness.word()) + R"("})", ready ? 200 : 503);
    });
}

} // namespace gatehouse

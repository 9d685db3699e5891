// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

class EndpointTable;
class LaneContext;

/// Each adds the endpoints of one resource.
void addChatEndpoints(EndpointTable &table, LaneContext &context);
void addSocketEndpoints(EndpointTable &table, LaneContext &context);
void addModelEndpoints(EndpointTable &table, LaneContext &context);
void addModelCommands(EndpointTable &table, LaneContext &context);
void addRouteEndpoints(EndpointTable &table, LaneContext &context);
void addAuthEndpoints(EndpointTable &table, LaneContext &context);
void addKeyEndpoints(EndpointTable &table, LaneContext &context);
void addUserEndpoints(EndpointTable &table, LaneContext &context);
void addUsageEndpoints(EndpointTable &table, LaneContext &context);
void addSessionEndpoints(EndpointTable &table, LaneContext &context);
void addHealthEndpoints(EndpointTable &table, LaneContext &context);
void addMetricsEndpoints(EndpointTable &table, LaneContext &context);
void addDocsEndpoints(EndpointTable &table);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/lane_api.h"

#include "api/call.h"
#include "api/cors.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"

namespace gatehouse {

LaneApi::LaneApi(const SharedServices &shared, LaneParts parts)
    : m_context(shared, std::move(parts))
{
    EndpointTable table(m_router, m_context);
    addChatEndpoints(table, m_context);
    addSocketEndpoints(table, m_context);
    addModelEndpoints(table, m_context);
    addRouteEndpoints(table, m_context);
    addAuthEndpoints(table, m_context);
    addKeyEndpoints(table, m_context);
    addUserEndpoints(table, m_context);
    addUsageEndpoints(table, m_context);
    addSessionEndpoints(table, m_context);
    addHealthEndpoints(table, m_context);
    addMetricsEndpoints(table, m_context);
    addDocsEndpoints(table);
    table.addPreflights();
}

LaneApi::~LaneApi()
{
    Q_EMIT m_context.closing();
    Q_EMIT m_context.closed();
}

// Who hammers at doors that aren't there fills no ledger. (Where the decision comes later, it is kept.)
bool LaneApi::isWithinLimits(const QHostAddress &address) const
{
    const auto isWithin = std::make_shared<bool>(true);
    m_context.limiter().admit(m_context.limitSubject(address, {}), m_asker.get(),
                              [isWithin](const Decision<Admitted> &decision) {
                                  *isWithin = std::holds_alternative<Admitted>(decision);
                              });
    return *isWithin;
}

Response LaneApi::refusal(const Request &request, const Error &error) const
{
    // A request that no endpoint ever saw is counted all the same.
    RequestRecord record{.requestId = request.id,
                         .method = request.method,
                         .endpoint = request.endpoint.isEmpty() ? QByteArray("unmatched") : request.endpoint,
                         .wallStart = m_context.clock().wallNow(),
                         .start = request.receivedAt};
    record.client = addressOf(request, *m_context.gate());
    // A refusal at an endpoint's head was counted there.
    record.isKept = !request.endpoint.isEmpty() || isWithinLimits(record.client);
    Ticket ticket(m_context.journal(), m_context.clock(), std::move(record));
    Response response = errorResponse(error, request.path);
    response.headers.append(corsFields(request, m_context.settings()->server.corsOrigins));
    ticket.record().status = response.status;
    ticket.failed(error);
    return response;
}

} // namespace gatehouse

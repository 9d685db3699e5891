// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "api/session_owner.h"
#include "api/socket_chat.h"
#include "base/id.h"
#include "http/web_socket_channel.h"
#include "store/session_record.h"

namespace gatehouse {

namespace {

constexpr char sessionParameter[] = "session_id";

Result<void> checkSession(const Request &request)
{
    if (isSessionId(request.pathParameters.value(sessionParameter)))
        return {};
    return notASessionId(sessionParameter);
}

} // namespace

void addSocketEndpoints(EndpointTable &table, LaneContext &context)
{
    table.addWebSocket("/ws/chat", {}, [&context](SocketPeer peer, WebSocketChannel &channel) {
        new SocketChat(std::move(peer), channel, context, makeNativeSocketDialect());
    });
    table.addWebSocket("/ws", {}, [&context](SocketPeer peer, WebSocketChannel &channel) {
        new SocketChat(std::move(peer), channel, context, makeGemmaSocketDialect(makeUuid()));
    });
    table.addWebSocket("/websockets/chat/{session_id}", &checkSession,
                       [&context](SocketPeer peer, WebSocketChannel &channel) {
                           const QByteArray session = peer.pathParameters.value(sessionParameter);
                           new SocketChat(std::move(peer), channel, context,
                                          makeNativeSocketDialect(session));
                       });
}

} // namespace gatehouse

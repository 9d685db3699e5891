// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "http/request.h"
#include "http/response_sink.h"

#include <functional>
#include <variant>
#include <vector>

namespace gatehouse {

class WebSocketChannel;

/// Serves one request. Runs in the lane's thread and must return at once.
using Handler = std::function<void(Request request, ResponseSink &sink)>;

/// Decides, before a body that is not small is read (or asked for by `100 Continue`), whether the caller may
/// send it. `head` is the request without its body. An Error is answered as the door's own refusals are
/// (LaneService::refusal), and the connection closes. Called at most once a request, in the lane's thread;
/// the handler of a request with a small body is called without it, so it checks by itself all the same.
using HeadCheck = std::function<Result<void>(const Request &head)>;

/// What a WebSocket gate has decided: the subprotocol to select (empty: none), or the whole answer of a
/// refusal, which has been counted and is sent as plain HTTP; the connection closes.
using WebSocketDecision = std::variant<QByteArray, Response>;
/// Decides about a WebSocket handshake before it is answered, by calling `decide` once: before it returns, or
/// later in the lane's thread; not once `context` has gone (the client has left, the lane ends), and nothing
/// is asked of it then.
using WebSocketGate = std::function<void(const Request &request, QObject &context,
                                         std::function<void(WebSocketDecision)> decide)>;
using WebSocketHandler = std::function<void(Request request, WebSocketChannel &channel)>;

/// The table of endpoints. Patterns are paths whose segments are literals, `{name}` (one segment) or, as the
/// last one, `{name...}` (the rest, slashes included, at least one character). Literals win over names; among
/// patterns of one shape the first added wins. Filled before the lane starts, constant afterwards.
class Router
{
public:
    struct Endpoint
    {
        QByteArray method;
        QByteArray pattern;
        Handler handler;
        HeadCheck headCheck; ///< Empty: whoever sends a body may.
    };
    struct WebSocketEndpoint
    {
        QByteArray pattern;
        WebSocketGate gate;
        WebSocketHandler handler;
    };

    void add(QByteArray method, QByteArray pattern, Handler handler, HeadCheck headCheck = {});
    void addWebSocket(QByteArray pattern, WebSocketGate gate, WebSocketHandler handler);

    /// Finds the endpoint for `request.method` and `request.path` and fills in `request.endpoint` and
    /// `request.pathParameters`. HEAD finds GET. Errors: NotFound; MethodNotAllowed, with the allowed methods
    /// in `detail` (as for the Allow header).
    [[nodiscard]] Result<const Endpoint *> find(Request &request) const;

    /// The same for an upgrade; NotFound where the path has no WebSocket.
    [[nodiscard]] Result<const WebSocketEndpoint *> findWebSocket(Request &request) const;

private:
    std::vector<Endpoint> m_endpoints;
    std::vector<WebSocketEndpoint> m_webSockets;
};

} // namespace gatehouse

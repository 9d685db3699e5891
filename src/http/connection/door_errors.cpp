// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/connection/door_errors.h"

namespace gatehouse {

Error drainingError()
{
    return {.code = ErrorCode::Overloaded,
            .message = QStringLiteral("The server is going down."),
            .retryAfter = std::chrono::seconds(1)};
}

Error expectationError()
{
    return {.code = ErrorCode::InvalidRequest,
            .message = QStringLiteral("The expectation can't be met."),
            .reason = "expectation_failed"};
}

Error webSocketOnlyError()
{
    return {.code = ErrorCode::InvalidRequest,
            .message = QStringLiteral("This path speaks WebSocket only."),
            .reason = "upgrade_required"};
}

void refineRefusal(Response &response, QByteArrayView reason)
{
    if (reason == "expectation_failed") {
        response.status = 417;
    } else if (reason == "http_version_not_supported") {
        response.status = 505;
    } else if (reason == "upgrade_required") {
        response.status = 426;
        response.headers.add("Upgrade", "websocket");
    } else if (reason == "websocket_version") {
        response.status = 426;
        response.headers.add("Sec-WebSocket-Version", "13");
    }
}

} // namespace gatehouse

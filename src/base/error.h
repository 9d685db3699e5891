// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include <chrono>
#include <optional>

namespace gatehouse {

/// What went wrong, in terms that no protocol owns. Each dialect spells it in its own error body, and `api`
/// maps it to an HTTP status in one switch.
enum class ErrorCode {
    InvalidRequest,       ///< The caller's input is malformed or out of range; `param` names the field.
    Unauthenticated,      ///< No credential, or one that is not valid.
    Forbidden,            ///< A valid caller that may not do this.
    NotFound,             ///< No such path or object.
    MethodNotAllowed,     ///< The path exists, the method does not.
    ModelNotFound,        ///< No route serves the model.
    RouteConflict,        ///< A route was named that does not serve the model.
    AmbiguousModel,       ///< Several routes serve the model and nothing says which.
    RequestTimeout,       ///< The caller took too long to send the request.
    PayloadTooLarge,      ///< The body is over the limit.
    UnsupportedMediaType, ///< The body is not of a type that the endpoint reads.
    UriTooLong,           ///< The request target is over the limit.
    HeadersTooLarge,      ///< The header block is over the limit.
    RateLimited,          ///< A limit of the caller's is used up; `retryAfter` says for how long.
    Overloaded,           ///< Gatehouse itself has no room: connections, queue, or draining.
    UpstreamRejected,     ///< The upstream answered 4xx; `upstreamStatus` and `reason` are its own.
    UpstreamFailed,       ///< The upstream answered 5xx or something that is no answer.
    UpstreamUnreachable,  ///< No connection to the upstream.
    UpstreamTimeout,      ///< The upstream was silent for too long.
    Cancelled,            ///< The caller went away or asked to stop.
    NotImplemented,       ///< Well-formed, and nothing here can do it.
    Internal,             ///< A fault of Gatehouse's own.
};

/// A failure as a value. `message` is safe to show to the caller; `detail` is for the log only.
struct Error
{
    ErrorCode code = ErrorCode::Internal;
    QString message;
    QString detail = {};
    QByteArray param = {};  ///< The field at fault, as the caller spelled it (`messages[2].role`).
    QByteArray reason = {}; ///< A finer machine-readable code (`context_length_exceeded`, `connect_timeout`);
                            ///< empty: the code's own.
    int upstreamStatus = 0; ///< The status that the upstream answered, else 0.
    std::optional<std::chrono::seconds> retryAfter = {};
};

/// The stable, lower-case name of a code, for logs and metrics (`model_not_found`).
[[nodiscard]] const char *errorCodeName(ErrorCode code);

} // namespace gatehouse

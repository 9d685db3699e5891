// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.h"

namespace gatehouse {

const char *errorCodeName(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidRequest:
        return "invalid_request";
    case ErrorCode::Unauthenticated:
        return "unauthenticated";
    case ErrorCode::Forbidden:
        return "forbidden";
    case ErrorCode::NotFound:
        return "not_found";
    case ErrorCode::MethodNotAllowed:
        return "method_not_allowed";
    case ErrorCode::ModelNotFound:
        return "model_not_found";
    case ErrorCode::RouteConflict:
        return "route_conflict";
    case ErrorCode::AmbiguousModel:
        return "ambiguous_model";
    case ErrorCode::RequestTimeout:
        return "request_timeout";
    case ErrorCode::PayloadTooLarge:
        return "payload_too_large";
    case ErrorCode::UnsupportedMediaType:
        return "unsupported_media_type";
    case ErrorCode::UriTooLong:
        return "uri_too_long";
    case ErrorCode::HeadersTooLarge:
        return "headers_too_large";
    case ErrorCode::RateLimited:
        return "rate_limited";
    case ErrorCode::Overloaded:
        return "overloaded";
    case ErrorCode::UpstreamRejected:
        return "upstream_rejected";
    case ErrorCode::UpstreamFailed:
        return "upstream_failed";
    case ErrorCode::UpstreamUnreachable:
        return "upstream_unreachable";
    case ErrorCode::UpstreamTimeout:
        return "upstream_timeout";
    case ErrorCode::Cancelled:
        return "cancelled";
    case ErrorCode::NotImplemented:
        return "not_implemented";
    case ErrorCode::Internal:
        return "internal";
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse

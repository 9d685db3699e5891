// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/http_status.h"

namespace gatehouse {

int httpStatus(const Error &error)
{
    switch (error.code) {
    case ErrorCode::InvalidRequest:
        return 400;
    case ErrorCode::Unauthenticated:
        return 401;
    case ErrorCode::Forbidden:
        return 403;
    case ErrorCode::NotFound:
        return 404;
    case ErrorCode::ModelNotFound:
        return 404;
    case ErrorCode::MethodNotAllowed:
        return 405;
    case ErrorCode::RequestTimeout:
        return 408;
    case ErrorCode::RouteConflict:
        return 409;
    case ErrorCode::AmbiguousModel:
        return 409;
    case ErrorCode::PayloadTooLarge:
        return 413;
    case ErrorCode::UriTooLong:
        return 414;
    case ErrorCode::UnsupportedMediaType:
        return 415;
    case ErrorCode::RateLimited:
        return 429;
    case ErrorCode::HeadersTooLarge:
        return 431;
    case ErrorCode::Cancelled:
        return 499; // nginx's word for it; only the log and the ledger ever see it.
    case ErrorCode::Internal:
        return 500;
    case ErrorCode::NotImplemented:
        return 501;
    case ErrorCode::UpstreamFailed:
        return 502;
    case ErrorCode::UpstreamUnreachable:
        return 502;
    case ErrorCode::Overloaded:
        return 503;
    case ErrorCode::UpstreamTimeout:
        return 504;
    case ErrorCode::UpstreamRejected:
        return error.upstreamStatus >= 400 && error.upstreamStatus < 500 ? error.upstreamStatus : 502;
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse

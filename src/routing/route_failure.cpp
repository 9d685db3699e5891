// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_failure.h"

namespace gatehouse {

namespace {

bool isTooLong(const Error &error)
{
    return error.reason == "context_length_exceeded" || error.reason == "exceed_context_size_error";
}

bool isRedirect(int status)
{
    return status >= 300 && status < 400;
}

RouteFailure ofFailedUpstream(const Error &error)
{
    constexpr int unavailable = 503;
    constexpr int siteOverloaded = 529; // As Anthropic's and Cloudflare's servers say it.
    if (isRedirect(error.upstreamStatus))
        return RouteFailure::Unfit;
    const bool isBusy = error.upstreamStatus == unavailable || error.upstreamStatus == siteOverloaded;
    return isBusy && error.retryAfter ? RouteFailure::Busy : RouteFailure::Broken;
}

RouteFailure ofRejection(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 404:
    case 407:
        return RouteFailure::Unfit;
    case 408: // It waited for us: what is between us and it drops things.
    case 425:
        return RouteFailure::Broken;
    case 429:
        return RouteFailure::Busy;
    default:
        return isRedirect(status) ? RouteFailure::Unfit : RouteFailure::None;
    }
}

} // namespace

RouteFailure routeFailure(const Error &error)
{
    if (isTooLong(error))
        return RouteFailure::TooLong;
    switch (error.code) {
    case ErrorCode::UpstreamUnreachable:
        return RouteFailure::Unreachable;
    case ErrorCode::UpstreamTimeout:
        return error.reason == "connect_timeout" ? RouteFailure::Unreachable : RouteFailure::Broken;
    case ErrorCode::UpstreamFailed:
        return ofFailedUpstream(error);
    case ErrorCode::UpstreamRejected:
        return ofRejection(error.upstreamStatus);
    case ErrorCode::Overloaded:
        return RouteFailure::Busy;
    case ErrorCode::InvalidRequest:
    case ErrorCode::Unauthenticated:
    case ErrorCode::Forbidden:
    case ErrorCode::NotFound:
    case ErrorCode::MethodNotAllowed:
    case ErrorCode::ModelNotFound:
    case ErrorCode::RouteConflict:
    case ErrorCode::AmbiguousModel:
    case ErrorCode::RequestTimeout:
    case ErrorCode::PayloadTooLarge:
    case ErrorCode::UnsupportedMediaType:
    case ErrorCode::UriTooLong:
    case ErrorCode::HeadersTooLarge:
    case ErrorCode::RateLimited:
    case ErrorCode::Cancelled:
    case ErrorCode::NotImplemented:
    case ErrorCode::Internal:
        return RouteFailure::None;
    }
    Q_UNREACHABLE();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

namespace gatehouse {

/// What an answer's failure says of the route that gave it.
enum class RouteFailure {
    None,        ///< Nothing: it is the caller's fault, or nobody's. Asking elsewhere would give the same.
    Unreachable, ///< Nobody is there, and nothing was handed over.
    Broken,      ///< It answered 5xx, or something that is no answer, or went silent.
    Busy,    ///< It has no room just now (429, 503): `Error::retryAfter` says for how long, where it is set.
    Unfit,   ///< It can't serve this model, or doesn't let us in (401, 403, 404).
    TooLong, ///< The conversation doesn't fit into the model's window.
};

/// By the error that the backend told. Pure.
[[nodiscard]] RouteFailure routeFailure(const Error &error);

/// Whether another route may do better.
[[nodiscard]] inline bool isWorthAnotherTry(RouteFailure failure)
{
    return failure != RouteFailure::None && failure != RouteFailure::TooLong;
}

} // namespace gatehouse

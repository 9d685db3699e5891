// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "http/response_sink.h"

namespace gatehouse {

// Refusals of the door's own.
[[nodiscard]] Error drainingError();
[[nodiscard]] Error expectationError();   ///< 417 (RFC 9110 §10.1.1).
[[nodiscard]] Error webSocketOnlyError(); ///< 426: the path has a WebSocket and nothing else.

/// Gives the refusals that HTTP has a status for, and ErrorCode no code, their status and fields. `reason` is
/// Error::reason.
void refineRefusal(Response &response, QByteArrayView reason);

} // namespace gatehouse

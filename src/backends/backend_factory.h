// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backends/http_client.h"
#include "base/result.h"
#include "chat/chat_backend.h"

#include <functional>
#include <memory>

namespace gatehouse {

/// The client of one lane, made in its thread: plain connections for http, QNetworkAccessManager for https.
[[nodiscard]] std::unique_ptr<HttpClient> makeHttpClient();

/// Makes one lane's backend for a local route, in that lane's thread.
using LocalBackendMaker = std::function<Result<std::unique_ptr<ChatBackend>>(const RouteSettings &)>;

/// The backend of one lane for a route. `http` outlives it. `makeLocal` may be empty: local routes are then
/// NotImplemented.
[[nodiscard]] Result<std::unique_ptr<ChatBackend>> makeBackend(const RouteSettings &route, HttpClient &http,
                                                               const LocalBackendMaker &makeLocal);

} // namespace gatehouse

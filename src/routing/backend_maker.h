// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_backend.h"
#include "config/settings.h"

#include <functional>
#include <memory>

namespace gatehouse {

/// Makes one thread's backend for a route, in that thread.
using BackendMaker = std::function<Result<std::unique_ptr<ChatBackend>>(const RouteSettings &)>;

} // namespace gatehouse

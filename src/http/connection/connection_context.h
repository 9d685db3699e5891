// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "config/settings.h"
#include "http/connection/flush_queue.h"
#include "http/connection/request_reader.h"
#include "http/wire/response_head.h"

#include <array>

namespace gatehouse {

class HttpServerBridge;
class LaneService;
class WebSocketUpgrader;

/// What the connections of one lane share. Lives in the lane's thread, longer than any of them.
struct ConnectionContext
{
    const ServerSettings &settings;
    const Clock &clock;
    const RequestLimits limits;
    HttpServerBridge &bridge;
    WebSocketUpgrader &upgrader;
    LaneService *service = nullptr; ///< Null once the lane has been cancelled.
    bool draining = false;
    DateField date = {};
    FlushQueue flushQueue = {};
    std::array<char, 64 * 1024> scratch = {}; ///< For one read at a time; never held over a call.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/route_state.h"

namespace gatehouse {

namespace {

const char *circuitWord(CircuitBreaker::State state)
{
    switch (state) {
    case CircuitBreaker::State::Closed:
        return "closed";
    case CircuitBreaker::State::Open:
        return "open";
    case CircuitBreaker::State::HalfOpen:
        return "half_open";
    }
    Q_UNREACHABLE();
}

} // namespace

const char *stateWord(RouteHealth::State state)
{
    switch (state) {
    case RouteHealth::State::Unknown:
        return "unknown";
    case RouteHealth::State::Ok:
        return "ok";
    case RouteHealth::State::Unavailable:
        return "unavailable";
    }
    Q_UNREACHABLE();
}

void writeRouteState(json::Writer &writer, const RouteHealth &health)
{
    writer.key("status").string(stateWord(health.state)).key("circuit").string(circuitWord(health.circuit));
    writer.key("outstanding").integer(health.outstanding).key("waiting").integer(health.waiting);
    writer.key("latency_ms");
    health.latency ? writer.integer(qint64(health.latency->count())) : writer.null();
    writer.key("error");
    if (health.failure) {
        writer.beginObject().key("code").string(errorCodeName(health.failure->code));
        writer.key("message").string(health.failure->message.toUtf8()).endObject();
    } else {
        writer.null();
    }
}

} // namespace gatehouse

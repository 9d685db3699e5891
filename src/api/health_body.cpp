// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/health_body.h"

#include "api/route_state.h"
#include "config/route_kind.h"
#include "dialects/json/writer.h"

#include <algorithm>

namespace gatehouse {

namespace {

using State = RouteHealth::State;

const char *databaseWord(bool isUp)
{
    return isUp ? "ok" : "unavailable";
}

/// D's clients look here whether their upstreams answer: the route `vllm`, or else every OpenAI-compatible
/// one, of which one that answers is enough.
const char *vllmWord(const QList<RouteHealth> &routes)
{
    QList<State> states;
    for (const RouteHealth &route : routes) {
        if (route.key == "vllm")
            return stateWord(route.state);
        if (route.kind == RouteKind::OpenAi)
            states.append(route.state);
    }
    for (const State state : {State::Ok, State::Unknown, State::Unavailable}) {
        if (states.contains(state))
            return stateWord(state);
    }
    return "unconfigured";
}

void writeHealth(json::Writer &writer, const HealthFacts &facts)
{
    const bool isDegraded = !facts.isDatabaseUp ||
                            std::any_of(facts.routes.begin(), facts.routes.end(),
                                        [](const auto &route) { return route.state == State::Unavailable; });
    writer.key("status").string(isDegraded ? "degraded" : "ok").key("ok").boolean(true);
    writer.key("vllm").string(vllmWord(facts.routes));
    writer.key("version").string(GATEHOUSE_VERSION);
    writer.key("uptime_seconds").integer(qint64(facts.uptime.count()));
}

void writeRoute(json::Writer &writer, const RouteHealth &route)
{
    writer.beginObject().key("key").string(route.key).key("kind").string(kindWord(route.kind));
    writer.key("pool");
    route.pool.isEmpty() ? writer.null() : writer.string(route.pool);
    writer.key("models").integer(route.models);
    writeRouteState(writer, route);
    writer.endObject();
}

void writeConnections(json::Writer &writer, const Gauges &gauges)
{
    writer.key("active_connections").integer(gauges.activeConnections);
    writer.key("accepted_connections").integer(gauges.acceptedConnections);
    writer.key("refused_connections").integer(gauges.refusedConnections);
}

void writeRouteFigures(json::Writer &writer, const MetricFigures &figures)
{
    qint64 waiting = 0;
    for (const Gauges::WaitingRoom &room : figures.gauges.waitingRooms)
        waiting += room.waiting;
    writer.key("requests_waiting").integer(waiting);
    writer.key("route_failures_total").integer(figures.routeFailures);
}

void writeCache(json::Writer &writer, const Gauges::Cache &cache)
{
    const qint64 asked = cache.hits + cache.misses;
    writer.key("cache_hits").integer(cache.hits).key("cache_misses").integer(cache.misses);
    writer.key("cache_hit_rate").number(asked > 0 ? double(cache.hits) / double(asked) : 0);
    writer.key("cache_answers").integer(cache.answers).key("cache_bytes").integer(cache.bytes);
}

} // namespace

QByteArray encodeHealth(const HealthFacts &facts)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject();
    writeHealth(writer, facts);
    writer.key("routes").beginObject();
    for (const RouteHealth &route : facts.routes)
        writer.key(route.key).string(stateWord(route.state));
    writer.endObject();
    writer.key("database").string(databaseWord(facts.isDatabaseUp)).endObject();
    return body;
}

QByteArray encodeStatus(const StatusFacts &facts)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject();
    writeHealth(writer, facts.health);
    writer.key("readiness").string(facts.readiness).key("routes").beginArray();
    for (const RouteHealth &route : facts.health.routes)
        writeRoute(writer, route);
    writer.endArray().key("database").beginObject();
    writer.key("status").string(databaseWord(facts.health.isDatabaseUp));
    writer.key("engine").string(facts.databaseEngine);
    writer.key("ledger_has_room").boolean(facts.hasLedgerRoom).endObject();
    writer.key("model").beginObject().key("default");
    facts.defaultModel.isEmpty() ? writer.null() : writer.string(facts.defaultModel);
    writer.key("count").integer(facts.models).key("loading").integer(facts.modelsLoading).endObject();
    writer.key("device").beginObject().key("cores").integer(facts.cores);
    writer.key("gpu_layers").integer(facts.gpuLayers).endObject();
    writer.key("connections").beginObject();
    writeConnections(writer, facts.gauges);
    writer.endObject().key("lanes").integer(facts.gauges.lanes).endObject();
    return body;
}

QByteArray encodeFigures(const MetricFigures &figures)
{
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("uptime_seconds").integer(qint64(figures.uptime.count()));
    writer.key("requests_total").integer(figures.requests).key("errors_total").integer(figures.errors);
    writer.key("inferences_total").integer(figures.inferences);
    writer.key("tokens_prompt_total").integer(figures.promptTokens);
    writer.key("tokens_completion_total").integer(figures.completionTokens);
    writer.key("latency_ms_p50").number(figures.p50Ms).key("latency_ms_p95").number(figures.p95Ms);
    writer.key("exchanges_running").integer(figures.exchangesRunning);
    writeRouteFigures(writer, figures);
    writeConnections(writer, figures.gauges);
    writer.key("websockets_open").integer(figures.webSockets);
    writeCache(writer, figures.gauges.cache);
    writer.key("memory_usage_bytes").integer(figures.residentBytes);
    writer.key("cpu_usage_percent").number(figures.cpuPercent);
    writer.key("database").string(databaseWord(figures.gauges.isDatabaseUp));
    writer.key("ledger_has_room").boolean(figures.gauges.hasLedgerRoom).endObject();
    return body;
}

} // namespace gatehouse

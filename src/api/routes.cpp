// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/lane_context.h"
#include "api/route_body.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

template <typename List>
auto findByKey(const List &list, const decltype(List::value_type::key) &key)
{
    return std::find_if(list.begin(), list.end(), [&key](const auto &one) { return one.key == key; });
}

/// The route that the path names; keys are in lower case wherever they come from.
QString wantedKey(const Call &call)
{
    return QString::fromUtf8(call.request().pathParameters.value("key")).toLower();
}

Error notFound(const QString &key)
{
    return {.code = ErrorCode::NotFound,
            .message = QCoreApplication::translate("Routes", "There is no route '%1'.").arg(key.left(64))};
}

void writeRow(json::Writer &writer, const RouteSettings &route, const QList<RouteHealth> &health)
{
    // This lane may not have heard of a new route yet.
    const auto known = findByKey(health, route.key.toUtf8());
    writeRoute(writer, route,
               known != health.end() ? *known : RouteHealth{.key = route.key.toUtf8(), .kind = route.kind});
}

/// Answers with the route as it is now.
void replyRoute(Call &call, const LaneContext &context, const QString &key, int status)
{
    const RouteSetPtr set = context.routes().current();
    const auto route = findByKey(set->settings->routes, key);
    if (route == set->settings->routes.end())
        return call.fail(notFound(key));
    QByteArray body;
    json::Writer writer(body);
    writeRow(writer, *route, context.models().health());
    call.replyJson(body, status);
}

void listRoutes(Call &call, LaneContext &context)
{
    const RouteSetPtr set = context.routes().current();
    const QList<RouteHealth> health = context.models().health();
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("object").string("list").key("data").beginArray();
    for (const RouteSettings &route : set->settings->routes)
        writeRow(writer, route, health);
    writer.endArray().endObject();
    call.replyJson(body);
}

void describeRoute(Call &call, LaneContext &context)
{
    replyRoute(call, context, wantedKey(call), 200);
}

/// A route may name a file of this machine (`path`): whoever is an admin here is trusted with that.
void putRoute(Call &call, LaneContext &context)
{
    const Result<ManagedRoute> route = readRouteBody(call.request().body);
    if (!route)
        return call.fail(route.error());
    const QString key = route->key;
    const RouteSetPtr before = context.routes().current();
    const auto known = findByKey(before->settings->routes, key);
    const bool isNew = known == before->settings->routes.end() || known->isImplied;
    context.routeEditor().put(*route, &call, [&call, &context, key, isNew](const Result<void> &put) {
        if (!put)
            return call.fail(put.error());
        if (isNew)
            call.addFields({{"Location", QByteArray("/api/routes").append('/').append(key.toUtf8())}});
        replyRoute(call, context, key, isNew ? 201 : 200);
    });
}

void removeRoute(Call &call, LaneContext &context)
{
    const QString key = wantedKey(call);
    context.routeEditor().remove(key, &call, [&call, key](const Result<void> &removed) {
        if (!removed)
            return call.fail(removed.error());
        QByteArray body;
        json::Writer writer(body);
        writer.beginObject().key("object").string("route").key("key").string(key.toUtf8());
        writer.key("deleted").boolean(true).endObject();
        call.replyJson(body);
    });
}

} // namespace

void addRouteEndpoints(EndpointTable &table, LaneContext &context)
{
    using Serve = void (*)(Call &, LaneContext &);
    const auto add = [&](const char *method, const char *pattern, Serve serve) {
        table.add(method, pattern, Access::Admin, [serve, &context](Call &call) {
            call.addFields({{"Cache-Control", "no-store"}});
            serve(call, context);
        });
    };
    add("GET", "/api/routes", &listRoutes);
    add("POST", "/api/routes", &putRoute);
    add("GET", "/api/routes/{key}", &describeRoute);
    add("DELETE", "/api/routes/{key}", &removeRoute);
}

} // namespace gatehouse

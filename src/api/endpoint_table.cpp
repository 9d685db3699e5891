// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"

#include "api/cors.h"
#include "api/lane_context.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

Credentials credentialsOf(const Request &request)
{
    return {.peer = request.peer.address,
            .forwardedFor = request.headers.values("x-forwarded-for").join(','),
            .authorization = request.headers.value("authorization").value_or(QByteArray()),
            .apiKey = request.headers.value("x-api-key").value_or(QByteArray()),
            .host = request.headers.value("host").value_or(QByteArray())};
}

/// A body must say that it is JSON. A missing type is forgiven, but not to a browser (which sends Origin):
/// any web page may send an untyped body to any address without asking first, but none may send JSON so.
bool isJson(const Request &request)
{
    const auto type = request.headers.value("content-type");
    if (!type)
        return !request.headers.contains("origin");
    const QByteArray essence = type->split(';').first().trimmed().toLower();
    return essence == "application/json" || (essence.startsWith("application/") && essence.endsWith("+json"));
}

Result<void> checkBody(const Request &request)
{
    if (request.body.isEmpty() || isJson(request))
        return {};
    return Error{.code = ErrorCode::UnsupportedMediaType,
                 .message =
                     QCoreApplication::translate("EndpointTable", "Send the body as application/json.")};
}

} // namespace

void EndpointTable::add(QByteArray method, QByteArray pattern, Access access,
                        std::function<void(Call &)> serve)
{
    auto wrapped = [&context = m_context, access, serve = std::move(serve)](Request request,
                                                                            ResponseSink &sink) {
        const SettingsPtr settings = context.settings();
        const bool isPublic = access == Access::Public ||
                              settings->auth.publicPaths.contains(QString::fromLatin1(request.path));
        const Result<Caller> caller =
            isPublic ? Result<Caller>(Caller{}) : context.gate()->admit(credentialsOf(request));
        RequestRecord record{.requestId = request.id,
                             .method = request.method,
                             .endpoint = request.endpoint,
                             .wallStart = context.clock().wallNow(),
                             .start = request.receivedAt};
        if (caller)
            record.caller = *caller;
        Headers common = corsFields(request, settings->server.corsOrigins);
        Ticket ticket(context.journal(), context.clock(), std::move(record));
        auto *call = new Call(std::move(request), std::move(ticket), sink, std::move(common));
        if (!caller)
            return call->fail(caller.error());
        if (const auto body = checkBody(call->request()); !body)
            return call->fail(body.error());
        serve(*call);
    };
    m_methods[pattern].append(method);
    m_router.add(std::move(method), std::move(pattern), std::move(wrapped));
}

void EndpointTable::addPreflights()
{
    const auto methodsByPattern = m_methods; // add() notes OPTIONS, too.
    for (auto it = methodsByPattern.begin(); it != methodsByPattern.end(); ++it) {
        const QByteArray methods = it.value().join(", ") + ", OPTIONS";
        add("OPTIONS", it.key(), Access::Public, [methods](Call &call) {
            Response response{.status = 204, .headers = {{"Allow", methods}}};
            response.headers.append(preflightFields(call.request(), methods));
            call.reply(std::move(response));
        });
    }
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"

#include "api/cors.h"
#include "api/lane_context.h"
#include "api/web_socket_gate.h"
#include "http/web_socket_channel.h"

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
    const QByteArray coding =
        request.headers.value("content-encoding").value_or(QByteArray()).trimmed().toLower();
    if (!request.body.isEmpty() && !coding.isEmpty() && coding != "identity")
        return Error{.code = ErrorCode::UnsupportedMediaType,
                     .message = QCoreApplication::translate("EndpointTable", "Send the body uncompressed.")};
    if (request.body.isEmpty() || isJson(request))
        return {};
    return Error{.code = ErrorCode::UnsupportedMediaType,
                 .message =
                     QCoreApplication::translate("EndpointTable", "Send the body as application/json.")};
}

/// One request between the gates.
class Admission
{
public:
    Admission(Call &call, LaneContext &context, Result<Caller> caller)
        : m_call(call)
        , m_context(context)
        , m_caller(std::move(caller))
    {}

    void run(const QHostAddress &address, const std::function<void(Call &)> &serve)
    {
        const LimitSubject subject = m_context.limitSubject(address, m_call.caller());
        m_context.limiter().admit(subject, &m_call,
                                  [admission = *this, &serve](const Decision<Admitted> &decision) {
                                      admission.decide(decision, serve);
                                  });
    }

private:
    void decide(const Decision<Admitted> &decision, const std::function<void(Call &)> &serve) const
    {
        if (const auto *refusal = std::get_if<Refusal>(&decision)) {
            // An address that is shut out must not push everybody else's rows out of the request log.
            RequestRecord &record = m_call.ticket().record();
            record.isKept = record.isKept && refusal->error.reason != "address_blocked";
            return m_call.refuse(*refusal);
        }
        if (!m_caller)
            return m_call.fail(m_caller.error());
        m_call.setFigures(std::get<Admitted>(decision).figures);
        if (m_caller->key)
            m_context.store().noteKeyUsed(m_caller->keyId);
        if (const auto body = checkBody(m_call.request()); !body)
            return m_call.fail(body.error());
        serve(m_call);
    }

    Call &m_call;
    LaneContext &m_context;
    Result<Caller> m_caller;
};

/// The operator may open further paths to everybody, but none of an admin's. Whoever shows a good credential
/// there is still known by it.
Result<Caller> admit(const Credentials &credentials, const QByteArray &path, Access access,
                     const LaneContext &context)
{
    Result<Caller> caller = context.gate()->admit(credentials, access);
    if (caller || access != Access::Caller)
        return caller;
    const bool isOpened = context.settings()->auth.publicPaths.contains(QString::fromLatin1(path));
    return isOpened ? Caller{.keyId = anonymousCallerId.toByteArray()} : caller;
}

/// Who it was that was let in but may not do this, for the record.
Caller nameOf(const Credentials &credentials, const Result<Caller> &caller, const LaneContext &context)
{
    if (caller || caller.error().code != ErrorCode::Forbidden)
        return {};
    const Result<Caller> known = context.gate()->admit(credentials, Access::Caller);
    return known ? Caller{.keyId = known->keyId, .role = known->role} : Caller{};
}

QHostAddress addressOf(const Credentials &credentials, const CredentialGate &gate)
{
    const QHostAddress client = gate.clientAddress(credentials);
    const QHostAddress &peer = credentials.peer;
    return client.isNull() || (isLoopback(client) && !isLoopback(peer)) ? peer : client;
}

/// Where anybody may call, a body that takes long to send has no place.
Result<void> checkPublicHead(const Request &head)
{
    const bool isMeasured = head.headers.contains("content-length");
    const qint64 length = head.headers.value("content-length").value_or(QByteArray()).toLongLong();
    constexpr qint64 largest = 64 * 1024;
    if (isMeasured && length <= largest)
        return {};
    return Error{.code = ErrorCode::PayloadTooLarge,
                 .message = QCoreApplication::translate(
                     "EndpointTable", "Send at most 64 KiB here, and say how much (Content-Length).")};
}

/// What is refused before the body is read is counted by the limits all the same.
Result<void> checkHead(const Request &head, Access access, LaneContext &context)
{
    if (access == Access::Public)
        return checkPublicHead(head);
    const Credentials credentials = credentialsOf(head);
    const Result<Caller> caller = admit(credentials, head.path, access, context);
    if (caller)
        return {};
    auto refusal = std::make_shared<std::optional<Error>>();
    context.limiter().admit(context.limitSubject(addressOf(credentials, *context.gate()), {}), &context,
                            [refusal](const Decision<Admitted> &decision) {
                                if (const auto *refused = std::get_if<Refusal>(&decision))
                                    *refusal = refused->error;
                            });
    return refusal->value_or(caller.error());
}

/// The last gate of a handshake: pages may open WebSockets to anywhere without asking first, and the browser
/// sends along who they are instead.
void checkOrigin(Call &call, const LaneContext &context)
{
    if (isAllowedOrigin(call.request(), context.settings()->server.corsOrigins))
        return call.reply({.status = 101});
    call.fail({.code = ErrorCode::Forbidden,
               .message = QCoreApplication::translate("EndpointTable",
                                                      "Pages of this origin may not open WebSockets here."),
               .reason = "origin_not_allowed"});
}

/// The handshake has been answered. Whose it is is found once more, for the key may have been revoked since
/// the gates decided.
void openSocket(Request request, WebSocketChannel &channel, const SocketServe &serve,
                const LaneContext &context)
{
    const Request shown = readHandshake(std::move(request)).request;
    const Credentials credentials = credentialsOf(shown);
    const Result<Caller> caller = admit(credentials, shown.path, Access::Caller, context);
    if (!caller)
        return channel.close(1008, caller.error().message);
    serve({.requestId = shown.id,
           .endpoint = shown.endpoint,
           .pathParameters = shown.pathParameters,
           .caller = *caller,
           .address = addressOf(credentials, *context.gate())},
          channel);
}

} // namespace

QHostAddress addressOf(const Request &request, const CredentialGate &gate)
{
    return addressOf(credentialsOf(request), gate);
}

void EndpointTable::add(QByteArray method, QByteArray pattern, Access access,
                        std::function<void(Call &)> serve)
{
    add(std::move(method), std::move(pattern), Endpoint{.access = access, .serve = std::move(serve)});
}

void EndpointTable::addProbe(QByteArray method, QByteArray pattern, std::function<void(Call &)> serve)
{
    add(std::move(method), std::move(pattern), Endpoint{.isProbe = true, .serve = std::move(serve)});
}

void EndpointTable::addWebSocket(QByteArray pattern, SocketCheck check, SocketServe serve)
{
    LaneContext &context = m_context;
    const Endpoint endpoint{
        .access = Access::Caller, .serve = [&context, check = std::move(check)](Call &call) {
            if (const auto checked = check ? check(call.request()) : Result<void>(); !checked)
                return call.fail(checked.error());
            checkOrigin(call, context);
        }};
    auto gate = [&context, endpoint](const Request &request, QObject &owner,
                                     std::function<void(WebSocketDecision)> decide) {
        SocketHandshake handshake = readHandshake(request);
        auto *sink = new HandshakeSink(std::move(handshake.subprotocol), std::move(decide), &owner);
        begin(std::move(handshake.request), *sink, endpoint, context);
    };
    auto open = [&context, serve = std::move(serve)](Request request, WebSocketChannel &channel) {
        openSocket(std::move(request), channel, serve, context);
    };
    m_router.addWebSocket(std::move(pattern), std::move(gate), std::move(open));
}

void EndpointTable::add(QByteArray method, QByteArray pattern, Endpoint endpoint)
{
    LaneContext &context = m_context;
    const Access access = endpoint.access;
    auto headCheck = [&context, access](const Request &head) {
        return checkHead(head, access, context);
    };
    auto handler = [&context, endpoint = std::move(endpoint)](Request request, ResponseSink &sink) {
        begin(std::move(request), sink, endpoint, context);
    };
    m_methods[pattern].append(method);
    m_router.add(std::move(method), std::move(pattern), std::move(handler), std::move(headCheck));
}

void EndpointTable::begin(Request request, ResponseSink &sink, const Endpoint &endpoint, LaneContext &context)
{
    const Credentials credentials = credentialsOf(request);
    Result<Caller> caller = admit(credentials, request.path, endpoint.access, context);
    const QHostAddress address = addressOf(credentials, *context.gate());
    RequestRecord record{.requestId = request.id,
                         .method = request.method,
                         .endpoint = request.endpoint,
                         .caller = caller.value_or(nameOf(credentials, caller, context)),
                         .client = address,
                         .isKept = !endpoint.isProbe,
                         .wallStart = context.clock().wallNow(),
                         .start = request.receivedAt};
    Headers common = corsFields(request, context.settings()->server.corsOrigins);
    Ticket ticket(context.journal(), context.clock(), std::move(record));
    auto *call = new Call(std::move(request), std::move(ticket), sink, std::move(common));
    QObject::connect(&context, &LaneContext::closed, call, &Call::drop);
    if (!endpoint.isProbe)
        return Admission(*call, context, std::move(caller)).run(address, endpoint.serve);
    if (const auto body = checkBody(call->request()); !body)
        return call->fail(body.error());
    endpoint.serve(*call);
}

void EndpointTable::addPreflights()
{
    const auto methodsByPattern = m_methods; // add() notes OPTIONS, too.
    for (auto it = methodsByPattern.begin(); it != methodsByPattern.end(); ++it) {
        const QByteArray methods = it.value().join(", ").replace("GET", "GET, HEAD") + ", OPTIONS";
        addProbe("OPTIONS", it.key(), [methods](Call &call) {
            Response response{.status = 204, .headers = {{"Allow", methods}}};
            response.headers.append(preflightFields(call.request(), methods));
            call.reply(std::move(response));
        });
    }
}

} // namespace gatehouse

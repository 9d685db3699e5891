// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/json_body.h"
#include "api/lane_context.h"
#include "dialects/json/writer.h"
#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

void replyToken(Call &call, const LaneContext &context, const TokenSubject &subject)
{
    const auto tokens = context.access().tokens();
    const QByteArray token = tokens->issue(subject);
    if (token.isEmpty())
        return call.fail({.code = ErrorCode::Internal,
                          .message = QCoreApplication::translate("Auth", "No token could be made.")});
    QByteArray body;
    json::Writer writer(body);
    writer.beginObject().key("access_token").string(token);
    writer.key("token_type").string("bearer");
    writer.key("expires_in").integer(qint64(tokens->lifetime().count())).endObject();
    call.addFields({{"Cache-Control", "no-store"}}); // RFC 6749 §5.1
    call.ticket().record().caller.keyId = subject.id;
    call.replyJson(body);
}

void refuse(Call &call)
{
    call.fail({.code = ErrorCode::Unauthenticated,
               .message = QCoreApplication::translate("Auth", "These credentials are not valid."),
               .reason = "invalid_credentials"});
}

void logInByKey(Call &call, LaneContext &context, const QByteArray &apiKey)
{
    const std::optional<Caller> caller = context.gate()->callerByKey(apiKey);
    if (!caller)
        return refuse(call);
    replyToken(call, context, tokenSubject(*caller->key));
}

void logInByPassword(Call &call, LaneContext &context, const QString &name, const Secret &password)
{
    if (const auto wait = context.logins().refuse(call.ticket().record().client, context.clock().now()))
        return call.fail({.code = ErrorCode::RateLimited,
                          .message = QCoreApplication::translate("Auth", "Too many tries to log in."),
                          .reason = "rate_limit_exceeded",
                          .retryAfter = *wait});
    const auto user = context.gate()->keys().userByName(name);
    // Somebody who doesn't exist costs as much time as somebody who does.
    const QByteArray hash = user && user->isActive ? user->passwordHash : QByteArray();
    const bool isQueued =
        context.passwords().verify(hash, password, &call, [&call, &context, user](bool matches) {
            if (!matches)
                return refuse(call);
            replyToken(call, context, tokenSubject(*user));
        });
    if (!isQueued)
        call.fail({.code = ErrorCode::Overloaded,
                   .message = QCoreApplication::translate("Auth", "Too many passwords are being checked."),
                   .retryAfter = std::chrono::seconds(2)});
}

void logIn(Call &call, LaneContext &context)
{
    constexpr int longestName = 200;
    constexpr int longestSecret = 1024;
    const Result<JsonBody> body = JsonBody::parse(call.request().body, {"username", "password", "api_key"});
    if (!body)
        return call.fail(body.error());
    if (body->has("api_key")) {
        const Result<QString> key = body->text("api_key", longestSecret);
        return key ? logInByKey(call, context, key->toUtf8()) : call.fail(key.error());
    }
    const Result<QString> name = body->text("username", longestName);
    if (!name)
        return call.fail(name.error());
    const Result<QString> password = body->text("password", longestSecret);
    if (!password)
        return call.fail(password.error());
    logInByPassword(call, context, *name, Secret(password->toUtf8()));
}

} // namespace

void addAuthEndpoints(EndpointTable &table, LaneContext &context)
{
    table.add("POST", "/auth/token", Access::Public, [&context](Call &call) { logIn(call, context); });
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/access_change.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/key_body.h"
#include "api/lane_context.h"
#include "dialects/openai/field_reader.h"
#include "store/user_repository.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

QByteArray encode(const UserRecord &user)
{
    QByteArray body;
    json::Writer writer(body);
    writeUser(writer, user);
    return body;
}

/// Goes on with the password's hash, which another thread makes.
void withHash(Call &call, LaneContext &context, const Secret &password,
              std::function<void(const QByteArray &)> proceed)
{
    if (const auto checked = checkPassword(password); !checked)
        return call.fail(checked.error());
    const bool isQueued = context.passwords().hash(
        password, &call, [&call, proceed = std::move(proceed)](const Result<QByteArray> &hash) {
            hash ? proceed(*hash) : call.fail(hash.error());
        });
    if (!isQueued)
        call.fail({.code = ErrorCode::Overloaded,
                   .message = QCoreApplication::translate("Users", "Too many passwords are being checked."),
                   .retryAfter = std::chrono::seconds(2)});
}

void listUsers(Call &call, LaneContext &context)
{
    context.store().read<QList<UserRecord>>(
        &call, [](Database &database) { return UserRepository(database).all(); },
        [&call](const Result<QList<UserRecord>> &users) {
            if (!users)
                return call.fail(users.error());
            QByteArray body;
            json::Writer writer(body);
            writer.beginObject().key("object").string("list").key("data").beginArray();
            for (const UserRecord &user : *users)
                writeUser(writer, user);
            writer.endArray().endObject();
            call.replyJson(body);
        });
}

void describeUser(Call &call, LaneContext &context)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().read<UserRecord>(
        &call, [id](Database &database) { return UserRepository(database).find(id); },
        [&call](const Result<UserRecord> &user) {
            user ? call.replyJson(encode(*user)) : call.fail(user.error());
        });
}

void addUser(Call &call, LaneContext &context)
{
    UserRecord user{.id = makeUuid(), .createdAt = context.clock().wallNow()};
    std::optional<Secret> password;
    if (const auto applied = applyUserBody(call.request().body, user, password); !applied)
        return call.fail(applied.error());
    if (user.name.isEmpty())
        return call.fail(openai::missingField("username"));
    if (!password)
        return call.fail(openai::missingField("password"));
    withHash(call, context, *password, [&call, &context, user](const QByteArray &hash) mutable {
        user.passwordHash = hash;
        context.store().write<void>(
            &call, [user](Database &database) { return UserRepository(database).add(user); },
            [&call, &context, user](const Result<void> &added) {
                added ? replyWhenKnown(call, context, 201, encode(user)) : call.fail(added.error());
            });
    });
}

void applyChange(Call &call, LaneContext &context, const QByteArray &passwordHash)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().write<UserRecord>(
        &call,
        [id, passwordHash, body = call.request().body](Database &database) -> Result<UserRecord> {
            UserRepository users(database);
            Result<UserRecord> user = users.find(id);
            if (!user)
                return user;
            std::optional<Secret> unused;
            if (const auto applied = applyUserBody(body, *user, unused); !applied)
                return applied.error();
            if (!passwordHash.isEmpty())
                user->passwordHash = passwordHash;
            if (const auto updated = users.update(*user); !updated)
                return updated.error();
            return user;
        },
        [&call, &context](const Result<UserRecord> &user) {
            user ? replyWhenKnown(call, context, 200, encode(*user)) : call.fail(user.error());
        });
}

void changeUser(Call &call, LaneContext &context)
{
    UserRecord checked;
    std::optional<Secret> password;
    if (const auto applied = applyUserBody(call.request().body, checked, password); !applied)
        return call.fail(applied.error());
    if (!checked.name.isEmpty())
        return call.fail(openai::invalidField(
            "username", QCoreApplication::translate("Users", "A user's name can't be changed."),
            "invalid_value"));
    if (!password)
        return applyChange(call, context, {});
    withHash(call, context, *password,
             [&call, &context](const QByteArray &hash) { applyChange(call, context, hash); });
}

void removeUser(Call &call, LaneContext &context)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().write<void>(
        &call, [id](Database &database) { return UserRepository(database).remove(id); },
        [&call, &context, id](const Result<void> &removed) {
            removed ? replyWhenKnown(call, context, 200, deletedBody("user", id))
                    : call.fail(removed.error());
        });
}

} // namespace

void addUserEndpoints(EndpointTable &table, LaneContext &context)
{
    using Serve = void (*)(Call &, LaneContext &);
    const auto add = [&](const char *method, const char *pattern, Serve serve) {
        table.add(method, pattern, Access::Admin, [serve, &context](Call &call) { serve(call, context); });
    };
    add("GET", "/api/users", &listUsers);
    add("POST", "/api/users", &addUser);
    add("GET", "/api/users/{id}", &describeUser);
    add("PATCH", "/api/users/{id}", &changeUser);
    add("DELETE", "/api/users/{id}", &removeUser);
}

} // namespace gatehouse

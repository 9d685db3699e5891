// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/access_change.h"
#include "api/endpoint_table.h"
#include "api/endpoints.h"
#include "api/key_body.h"
#include "api/lane_context.h"
#include "dialects/openai/field_reader.h"
#include "store/key_repository.h"

namespace gatehouse {

namespace {

QByteArray encode(const KeyRecord &key, const Secret &secret = {})
{
    QByteArray body;
    json::Writer writer(body);
    writeKey(writer, key, secret);
    return body;
}

void listKeys(Call &call, LaneContext &context)
{
    context.store().read<QList<KeyRecord>>(
        &call, [](Database &database) { return KeyRepository(database).all(); },
        [&call](const Result<QList<KeyRecord>> &keys) {
            if (!keys)
                return call.fail(keys.error());
            QByteArray body;
            json::Writer writer(body);
            writer.beginObject().key("object").string("list").key("data").beginArray();
            for (const KeyRecord &key : *keys)
                writeKey(writer, key);
            writer.endArray().endObject();
            call.replyJson(body);
        });
}

void describeKey(Call &call, LaneContext &context)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().read<KeyRecord>(
        &call, [id](Database &database) { return KeyRepository(database).find(id); },
        [&call](const Result<KeyRecord> &key) {
            key ? call.replyJson(encode(*key)) : call.fail(key.error());
        });
}

void addKey(Call &call, LaneContext &context)
{
    KeyRecord key{.id = makeUuid(), .createdAt = context.clock().wallNow()};
    if (const auto applied = applyKeyBody(call.request().body, key); !applied)
        return call.fail(applied.error());
    if (key.name.isEmpty())
        return call.fail(openai::missingField("name"));
    const Secret secret = makeApiKey();
    call.addFields({{"Cache-Control", "no-store"}});
    key.hash = context.access().hasher().hash(secret.reveal());
    context.store().write<void>(
        &call, [key](Database &database) { return KeyRepository(database).add(key); },
        [&call, &context, key, secret](const Result<void> &added) {
            added ? replyWhenKnown(call, context, 201, encode(key, secret)) : call.fail(added.error());
        });
}

void changeKey(Call &call, LaneContext &context)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().write<KeyRecord>(
        &call,
        [id, body = call.request().body](Database &database) -> Result<KeyRecord> {
            KeyRepository keys(database);
            Result<KeyRecord> key = keys.find(id);
            if (!key)
                return key;
            if (const auto applied = applyKeyBody(body, *key); !applied)
                return applied.error();
            if (const auto updated = keys.update(*key); !updated)
                return updated.error();
            return key;
        },
        [&call, &context](const Result<KeyRecord> &key) {
            key ? replyWhenKnown(call, context, 200, encode(*key)) : call.fail(key.error());
        });
}

void removeKey(Call &call, LaneContext &context)
{
    const QByteArray id = call.request().pathParameters.value("id");
    context.store().write<void>(
        &call, [id](Database &database) { return KeyRepository(database).remove(id); },
        [&call, &context, id](const Result<void> &removed) {
            removed ? replyWhenKnown(call, context, 200, deletedBody("api_key", id))
                    : call.fail(removed.error());
        });
}

} // namespace

void addKeyEndpoints(EndpointTable &table, LaneContext &context)
{
    using Serve = void (*)(Call &, LaneContext &);
    const auto add = [&](const char *method, const char *pattern, Serve serve) {
        table.add(method, pattern, Access::Admin, [serve, &context](Call &call) { serve(call, context); });
    };
    add("GET", "/api/keys", &listKeys);
    add("POST", "/api/keys", &addKey);
    add("GET", "/api/keys/{id}", &describeKey);
    add("PATCH", "/api/keys/{id}", &changeKey);
    add("DELETE", "/api/keys/{id}", &removeKey);
}

} // namespace gatehouse

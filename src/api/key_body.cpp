// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/key_body.h"

#include "admission/access_name.h"
#include "api/json_body.h"
#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

namespace gatehouse {

namespace {

constexpr int longestText = 1024;
constexpr int longestModel = 256;
constexpr qsizetype mostModels = 1000;
constexpr qint64 largestBound = 1'000'000'000'000;

struct Bound
{
    const char *name;
    std::optional<qint64> KeyLimits::*member;
};
constexpr Bound bounds[] = {{"rate_limit", &KeyLimits::requestsPerHour},
                            {"rpm", &KeyLimits::requestsPerMinute},
                            {"tpm", &KeyLimits::tokensPerMinute},
                            {"max_concurrent", &KeyLimits::maxConcurrent},
                            {"monthly_tokens", &KeyLimits::monthlyTokens}};

Result<void> readName(const JsonBody &body, const char *param, QString &name)
{
    if (!body.has(param))
        return {};
    const Result<QString> text = body.text(param, longestText);
    const Result<QString> checked = text ? checkAccessName(*text, param) : text;
    if (!checked)
        return checked.error();
    name = *checked;
    return {};
}

Result<void> readBounds(const JsonBody &body, KeyLimits &limits)
{
    for (const Bound &bound : bounds) {
        if (!body.has(bound.name))
            continue;
        const auto read = openai::readInteger(body.find(bound.name), bound.name,
                                              {.least = 1, .most = largestBound}, limits.*bound.member);
        if (!read)
            return read;
    }
    return {};
}

Result<void> readRole(const JsonBody &body, CallerRole &role)
{
    if (!body.has("role"))
        return {};
    const Result<QString> name = body.text("role", longestText);
    if (!name)
        return name.error();
    if (*name != QLatin1String("admin") && *name != QLatin1String("user"))
        return openai::invalidField(
            "role", QCoreApplication::translate("KeyBody", "Invalid 'role': it must be 'admin' or 'user'."),
            "invalid_value");
    role = *name == QLatin1String("admin") ? CallerRole::Admin : CallerRole::User;
    return {};
}

Result<void> readModels(const JsonBody &body, QStringList &models)
{
    const json::Value list = body.find("models");
    if (!list.exists())
        return {};
    if (!list.isNull() && !list.isArray())
        return openai::wrongType("models", "an array of strings", list);
    if (list.size() > mostModels)
        return openai::tooMany("models", mostModels);
    models.clear();
    for (const json::Value model : list) {
        const QByteArray path = openai::elementPath("models", models.size());
        if (!model.isString() || model.string().isEmpty())
            return openai::wrongType(path, "a model's name", model);
        if (model.string().size() > longestModel)
            return openai::tooLong(path, longestModel);
        models.append(QString::fromUtf8(model.string()));
    }
    return {};
}

Result<void> readExpiry(const JsonBody &body, std::optional<WallTime> &expiresAt)
{
    const json::Value value = body.find("expires_at");
    if (!value.exists())
        return {};
    expiresAt = value.isString() ? parseTime(value.string()) : parseTime(value.raw().toByteArray());
    if (expiresAt || value.isNull())
        return {};
    return openai::invalidField(
        "expires_at",
        QCoreApplication::translate("KeyBody", "Invalid 'expires_at': give a time such as %1, or null.")
            .arg(QStringLiteral("2027-01-31T00:00:00Z")),
        "invalid_value");
}

Result<void> readActive(const JsonBody &body, bool &isActive)
{
    return body.has("is_active") ? openai::readBoolean(body.find("is_active"), "is_active", isActive)
                                 : Result<void>();
}

void writeTime(json::Writer &writer, const char *name, const std::optional<WallTime> &time)
{
    writer.key(name);
    if (time)
        writer.string(rfc3339(*time));
    else
        writer.null();
}

} // namespace

Result<void> applyKeyBody(const QByteArray &bytes, KeyRecord &key)
{
    const Result<JsonBody> body =
        JsonBody::parse(bytes, {"name", "role", "rate_limit", "rpm", "tpm", "max_concurrent",
                                "monthly_tokens", "models", "expires_at", "is_active"});
    if (!body)
        return body.error();
    if (const auto read = readName(*body, "name", key.name); !read)
        return read;
    if (const auto read = readRole(*body, key.role); !read)
        return read;
    if (const auto read = readBounds(*body, key.limits); !read)
        return read;
    if (const auto read = readModels(*body, key.models); !read)
        return read;
    if (const auto read = readExpiry(*body, key.expiresAt); !read)
        return read;
    return readActive(*body, key.isActive);
}

void writeKey(json::Writer &writer, const KeyRecord &key, const Secret &secret)
{
    writer.beginObject().key("object").string("api_key").key("id").string(key.id);
    writer.key("name").string(key.name.toUtf8()).key("role").string(roleName(key.role));
    if (!secret.isEmpty())
        writer.key("key").string(secret.reveal());
    for (const Bound &bound : bounds) {
        writer.key(bound.name);
        if (const auto &value = key.limits.*bound.member)
            writer.integer(*value);
        else
            writer.null();
    }
    writer.key("models").beginArray();
    for (const QString &model : key.models)
        writer.string(model.toUtf8());
    writer.endArray();
    writeTime(writer, "expires_at", key.expiresAt);
    writer.key("is_active").boolean(key.isActive);
    writeTime(writer, "created_at", key.createdAt);
    writeTime(writer, "last_used_at", key.lastUsedAt);
    writer.endObject();
}

Result<void> applyUserBody(const QByteArray &bytes, UserRecord &user, std::optional<Secret> &password)
{
    const Result<JsonBody> body = JsonBody::parse(bytes, {"username", "password", "role", "is_active"});
    if (!body)
        return body.error();
    if (const auto read = readName(*body, "username", user.name); !read)
        return read;
    if (body->has("password")) {
        QByteArray given;
        if (const auto read = openai::readString(body->find("password"), "password", given); !read)
            return read;
        password = Secret(given);
    }
    if (const auto read = readRole(*body, user.role); !read)
        return read;
    return readActive(*body, user.isActive);
}

void writeUser(json::Writer &writer, const UserRecord &user)
{
    writer.beginObject().key("object").string("user").key("id").string(user.id);
    writer.key("username").string(user.name.toUtf8()).key("role").string(roleName(user.role));
    writer.key("is_active").boolean(user.isActive);
    writeTime(writer, "created_at", user.createdAt);
    writer.endObject();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/route_body.h"

#include "api/json_body.h"
#include "api/route_state.h"
#include "config/route_kind.h"
#include "config/table/setting_table.h"
#include "config/table/value_rules.h"
#include "dialects/openai/field_reader.h"

#include <QCoreApplication>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr int longestKey = 256;
constexpr const char *timeoutPrefix = "timeouts.";

Error invalid(const QByteArray &param, const QString &what)
{
    return openai::invalidField(
        param,
        QCoreApplication::translate("RouteBody", "Invalid '%1': it %2.").arg(QString::fromUtf8(param), what),
        "invalid_value");
}

/// Nothing: no setting has a value of this form.
std::optional<QStringList> textsOf(const json::Value &list)
{
    QStringList texts;
    for (const json::Value element : list) {
        if (!element.isString())
            return std::nullopt;
        texts.append(QString::fromUtf8(element.string()));
    }
    return texts;
}

std::optional<TextTable> tableOf(const json::Value &object)
{
    TextTable table;
    for (const json::Value member : object) {
        if (!member.isString())
            return std::nullopt;
        table.insert(QString::fromUtf8(member.name()), QString::fromUtf8(member.string()));
    }
    return table;
}

SettingValue valueOf(const json::Value &value)
{
    switch (value.kind()) {
    case json::Kind::Null:
        break;
    case json::Kind::Boolean:
        return value.isTrue();
    case json::Kind::String:
        return QString::fromUtf8(value.string());
    case json::Kind::Number:
        if (const auto integer = value.integer())
            return *integer;
        if (const auto number = value.number())
            return *number;
        break;
    case json::Kind::Array:
        if (const auto texts = textsOf(value))
            return *texts;
        break;
    case json::Kind::Object:
        if (const auto table = tableOf(value))
            return *table;
        break;
    }
    return {};
}

/// The value of a field of [[routes]], whose name says where it is (`timeouts.read_seconds`).
json::Value find(const JsonBody &body, const QByteArray &field)
{
    const qsizetype dot = field.indexOf('.');
    return dot < 0 ? body.find(field.constData())
                   : body.find(field.left(dot).constData()).find(QByteArrayView(field).sliced(dot + 1));
}

Result<void> readField(const JsonBody &body, const SettingSpec<RouteSettings> &spec, ManagedRoute &route)
{
    const json::Value written = find(body, spec.key);
    if (written.isNull())
        return {};
    const SettingValue value = valueOf(written);
    RouteSettings scratch;
    if (!spec.binding.assign(scratch, value))
        return invalid(spec.key, refusalText(spec.binding.form, spec.binding.expected, value));
    route.fields.append({spec.keyText(), value});
    return {};
}

/// A misspelled bound must not be taken for none.
Result<void> checkTimeouts(const JsonBody &body)
{
    const json::Value timeouts = body.find("timeouts");
    if (!timeouts.isNull() && !timeouts.isObject())
        return openai::wrongType("timeouts", "an object of seconds", timeouts);
    const auto &table = routeFieldTable();
    for (const json::Value member : timeouts) {
        const QByteArray name = timeoutPrefix + member.name().left(64);
        const bool isKnown =
            std::any_of(table.begin(), table.end(), [&name](const auto &spec) { return name == spec.key; });
        if (!isKnown)
            return openai::invalidField(
                name,
                QCoreApplication::translate("RouteBody", "There is no field '%1' here.")
                    .arg(QString::fromUtf8(name)),
                "unknown_parameter");
    }
    return {};
}

Result<QString> readKey(const JsonBody &body)
{
    if (body.find("key").isNull())
        return openai::missingField("key");
    const Result<QString> text = body.text("key", longestKey);
    if (!text)
        return text;
    const std::optional<QString> key = routeKeyText(*text);
    if (!key)
        return invalid("key", QCoreApplication::translate(
                                  "RouteBody", "must be 1 to 64 letters, digits, '.', '_' and '-', the first "
                                               "one a letter or a digit"));
    return *key;
}

void writeText(json::Writer &writer, const char *name, const QString &text)
{
    writer.key(name);
    text.isEmpty() ? writer.null() : writer.string(text.toUtf8());
}

/// As they can be written down: a list, or where some have another name there, an object.
void writeModels(json::Writer &writer, const RouteSettings &route)
{
    writer.key("models");
    if (route.names.isEmpty()) {
        writer.beginArray();
        for (const QString &model : route.models)
            writer.string(model.toUtf8());
        writer.endArray();
        return;
    }
    writer.beginObject();
    for (const QString &model : route.models)
        writer.key(model.toUtf8()).string(route.names.value(model, model).toUtf8());
    writer.endObject();
}

void writeTimeouts(json::Writer &writer, const RouteSettings &route)
{
    const auto write = [&writer](const char *name, std::chrono::milliseconds time) {
        writer.key(name).number(std::chrono::duration<double>(time).count());
    };
    writer.key("timeouts").beginObject();
    write("connect_seconds", route.timeouts.connect);
    write("first_byte_seconds", route.timeouts.firstByte);
    write("read_seconds", route.timeouts.read);
    write("write_seconds", route.timeouts.write);
    write("total_seconds", route.timeouts.total);
    write("queue_seconds", route.queueTimeout);
    writer.endObject();
}

} // namespace

Result<ManagedRoute> readRouteBody(const QByteArray &bytes)
{
    const Result<JsonBody> body =
        JsonBody::parse(bytes, {"key", "kind", "url", "path", "api_key", "headers", "models", "pool",
                                "weight", "max_concurrent", "queue_limit", "timeouts"});
    if (!body)
        return body.error();
    const Result<QString> key = readKey(*body);
    if (!key)
        return key.error();
    if (const auto known = checkTimeouts(*body); !known)
        return known.error();
    ManagedRoute route{.key = *key};
    for (const auto &spec : routeFieldTable()) {
        if (const auto read = readField(*body, spec, route); !read)
            return read.error();
    }
    return route;
}

void writeRoute(json::Writer &writer, const RouteSettings &route, const RouteHealth &health)
{
    writer.beginObject().key("object").string("route").key("key").string(route.key.toUtf8());
    writer.key("kind").string(kindWord(route.kind));
    // Configuration lets no credential in here; whatever comes, none is shown.
    writeText(writer, "url",
              route.url.toString(QUrl::RemoveUserInfo | QUrl::RemoveQuery | QUrl::RemoveFragment));
    writeText(writer, "path", route.path);
    writeModels(writer, route);
    writeText(writer, "pool", route.pool);
    writer.key("weight").integer(route.weight).key("max_concurrent").integer(route.maxConcurrent);
    writer.key("queue_limit").integer(route.queueLimit);
    writeTimeouts(writer, route);
    writer.key("has_api_key").boolean(!route.apiKey.isEmpty()).key("headers").beginArray();
    for (const RouteHeader &header : route.headers)
        writer.string(header.name);
    writer.endArray().key("managed").boolean(route.isManaged);
    writer.key("served_models").integer(health.models);
    writeRouteState(writer, health);
    writer.endObject();
}

} // namespace gatehouse

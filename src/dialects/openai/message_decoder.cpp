// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/message_decoder.h"

#include "dialects/openai/field_reader.h"

namespace gatehouse::openai {

namespace {

std::optional<Role> roleNamed(const QByteArray &word)
{
    if (word == "user")
        return Role::User;
    if (word == "assistant")
        return Role::Assistant;
    if (word == "system")
        return Role::System;
    if (word == "developer")
        return Role::Developer;
    if (word == "tool")
        return Role::Tool;
    return {};
}

Result<Role> decodeRole(const json::Value &value, const QByteArray &path)
{
    const QByteArray param = memberPath(path, "role");
    if (value.isNull())
        return missingField(param);
    if (!value.isString())
        return wrongType(param, "a string", value);
    if (const std::optional<Role> role = roleNamed(value.string()))
        return *role;
    return invalidField(param,
                        QStringLiteral("Invalid value for '%1': supported roles are 'system', 'developer', "
                                       "'user', 'assistant' and 'tool'.")
                            .arg(QString::fromUtf8(param)),
                        "invalid_value");
}

Result<ContentPart> decodePart(const json::Value &part, const QByteArray &path)
{
    if (!part.isObject())
        return wrongType(path, "an object", part);
    const json::Value type = part.find("type");
    if (type.isNull())
        return missingField(memberPath(path, "type"));
    if (!type.isString())
        return wrongType(memberPath(path, "type"), "a string", type);
    ContentPart decoded{.type = type.string(), .text = {}, .json = {}};
    if (!decoded.isText()) {
        decoded.json = part.raw().toByteArray();
        return decoded;
    }
    const json::Value text = part.find("text");
    if (text.isNull())
        return missingField(memberPath(path, "text"));
    if (!text.isString())
        return wrongType(memberPath(path, "text"), "a string", text);
    decoded.text = text.string();
    if (part.size() > 2)
        decoded.json = part.raw().toByteArray();
    return decoded;
}

Result<void> decodeContent(const json::Value &content, const QByteArray &param, Message &message)
{
    if (content.isNull())
        return {};
    if (content.isString()) {
        message.content = QList<ContentPart>{{.type = "text", .text = content.string(), .json = {}}};
        return {};
    }
    if (!content.isArray())
        return wrongType(param, "a string or an array of content parts", content);
    if (content.isEmpty()) {
        return invalidField(
            param, QStringLiteral("Invalid '%1': the array must not be empty.").arg(QString::fromUtf8(param)),
            "empty_array");
    }
    QList<ContentPart> parts;
    for (const json::Value part : content) {
        if (parts.size() == maxParts)
            return tooMany(param, maxParts);
        Result<ContentPart> decoded = decodePart(part, elementPath(param, parts.size()));
        if (!decoded)
            return decoded.error();
        parts.append(*std::move(decoded));
    }
    message.contentIsString = false;
    message.content = std::move(parts);
    return {};
}

/// `function: {name, arguments}`. Some clients send the arguments as an object; it goes on as its text.
Result<void> decodeFunction(const json::Value &function, const QByteArray &path, ToolCall &call)
{
    if (function.isNull())
        return missingField(path);
    if (!function.isObject())
        return wrongType(path, "an object", function);
    const json::Value name = function.find("name");
    if (name.isNull())
        return missingField(memberPath(path, "name"));
    if (auto read = readString(name, memberPath(path, "name"), call.name); !read)
        return read;
    const json::Value arguments = function.find("arguments");
    if (arguments.isNull())
        return missingField(memberPath(path, "arguments"));
    if (!arguments.isString() && !arguments.isObject())
        return wrongType(memberPath(path, "arguments"), "a string", arguments);
    call.arguments = arguments.isString() ? arguments.string() : arguments.raw().toByteArray();
    return {};
}

Result<ToolCall> decodeToolCall(const json::Value &value, const QByteArray &path)
{
    if (!value.isObject())
        return wrongType(path, "an object", value);
    ToolCall call;
    const auto members = uniqueMembers(value, path);
    if (!members)
        return members.error();
    for (const auto &[name, member, param] : *members) {
        Result<void> read;
        if (name == "id") {
            read = readString(member, param, call.id);
        } else if (name == "type") {
            if (!member.isNull() && member.string() != "function")
                return invalidField(param,
                                    QStringLiteral("Invalid '%1': only 'function' is supported.")
                                        .arg(QString::fromUtf8(param)),
                                    "invalid_value");
        } else if (name != "function" && name != "index") {
            call.extensions.append(opaqueField(name, member));
        }
        if (!read)
            return read.error();
    }
    if (auto read = decodeFunction(value.find("function"), memberPath(path, "function"), call); !read)
        return read.error();
    if (call.id.isEmpty())
        return missingField(memberPath(path, "id"));
    return call;
}

Result<void> decodeToolCalls(const json::Value &calls, const QByteArray &param, Message &message)
{
    if (calls.isNull())
        return {};
    if (!calls.isArray())
        return wrongType(param, "an array", calls);
    for (const json::Value call : calls) {
        if (message.toolCalls.size() == maxToolCalls)
            return tooMany(param, maxToolCalls);
        Result<ToolCall> decoded = decodeToolCall(call, elementPath(param, message.toolCalls.size()));
        if (!decoded)
            return decoded.error();
        message.toolCalls.append(*std::move(decoded));
    }
    return {};
}

/// What only shows once all members are read: a message must say something, and a tool's answer must say to
/// which call it belongs.
Result<void> checkWhole(const Message &message, const QByteArray &path)
{
    if (message.role == Role::Tool && message.toolCallId.isEmpty())
        return missingField(memberPath(path, "tool_call_id"));
    const bool maySaySomethingElse =
        message.role == Role::Assistant &&
        (!message.toolCalls.isEmpty() || !message.extensions.isEmpty()); // refusal, audio, reasoning …
    if (!message.content && !maySaySomethingElse)
        return missingField(memberPath(path, "content"));
    return {};
}

Result<void> decodeMember(const Member &member, Message &message)
{
    const auto &[name, value, param] = member;
    if (name == "content")
        return decodeContent(value, param, message);
    if (name == "tool_calls")
        return decodeToolCalls(value, param, message);
    if (name == "tool_call_id")
        return readString(value, param, message.toolCallId);
    if (name == "name")
        return readString(value, param, message.name);
    if (name != "role")
        message.extensions.append(opaqueField(name, value));
    return {};
}

Result<Message> decodeMessage(const json::Value &value, const QByteArray &path)
{
    if (!value.isObject())
        return wrongType(path, "an object", value);
    const auto members = uniqueMembers(value, path);
    if (!members)
        return members.error();
    const Result<Role> role = decodeRole(value.find("role"), path);
    if (!role)
        return role.error();
    Message message{.role = *role};
    for (const Member &member : *members) {
        if (auto read = decodeMember(member, message); !read)
            return std::move(read).error();
    }
    if (auto checked = checkWhole(message, path); !checked)
        return std::move(checked).error();
    return message;
}

} // namespace

Result<QList<Message>> decodeMessages(const json::Value &messages, const QByteArray &param)
{
    if (messages.isNull())
        return missingField(param);
    if (!messages.isArray())
        return wrongType(param, "an array", messages);
    if (messages.isEmpty())
        return invalidField(param, QStringLiteral("Invalid 'messages': the array must not be empty."),
                            "empty_array");
    QList<Message> decoded;
    for (const json::Value message : messages) {
        if (decoded.size() == maxMessages)
            return tooMany(param, maxMessages);
        Result<Message> one = decodeMessage(message, elementPath(param, decoded.size()));
        if (!one)
            return std::move(one).error();
        decoded.append(*std::move(one));
    }
    return decoded;
}

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/message_encoder.h"

#include "dialects/json/document.h"

#include <QHash>

namespace gatehouse::ollama {

namespace {

using json::Writer;

Error unsupported(qsizetype message, QByteArrayView member, const QString &text)
{
    return {.code = ErrorCode::InvalidRequest,
            .message = text,
            .param = "messages[" + QByteArray::number(message) + "]." + member.toByteArray(),
            .reason = "unsupported_value"};
}

QByteArrayView roleName(Role role)
{
    switch (role) {
    case Role::System:
    case Role::Developer: // OpenAI's newer word for the same thing.
        return "system";
    case Role::User:
        return "user";
    case Role::Assistant:
        return "assistant";
    case Role::Tool:
        return "tool";
    }
    Q_UNREACHABLE();
}

/// The base64 text of an `image_url` part with a `data:` URL (RFC 2397); empty for any other part.
QByteArray imageData(const ContentPart &part)
{
    json::Document document;
    if (part.type != "image_url" || document.parse(part.json) != json::Document::Status::Valid)
        return {};
    const json::Value image = document.root().find("image_url");
    const QByteArray url = image.isString() ? image.string() : image.find("url").string();
    constexpr QByteArrayView marker = ";base64,";
    const qsizetype at = url.startsWith("data:") ? url.left(256).indexOf(marker) : -1;
    return at < 0 ? QByteArray() : url.mid(at + marker.size());
}

Result<void> writeImages(Writer &writer, const Message &message, qsizetype index)
{
    if (!message.content)
        return {};
    QList<QByteArray> images;
    for (const ContentPart &part : *message.content) {
        if (part.isText())
            continue;
        QByteArray image = imageData(part);
        if (image.isEmpty())
            return unsupported(
                index, "content",
                QStringLiteral("This model's server takes text and images given as base64 'data:' "
                               "URLs only."));
        images.append(std::move(image));
    }
    if (images.isEmpty())
        return {};
    writer.key("images").beginArray();
    for (const QByteArray &image : images)
        writer.string(image);
    writer.endArray();
    return {};
}

Result<void> writeToolCalls(Writer &writer, const Message &message, qsizetype index)
{
    if (message.toolCalls.isEmpty())
        return {};
    writer.key("tool_calls").beginArray();
    for (const ToolCall &call : message.toolCalls) {
        json::Document arguments;
        const QByteArray text = call.arguments.trimmed().isEmpty() ? QByteArray("{}") : call.arguments;
        if (arguments.parse(text) != json::Document::Status::Valid || !arguments.root().isObject())
            return unsupported(index, "tool_calls",
                               QStringLiteral("The arguments of a tool call are not a JSON object."));
        writer.beginObject().key("id").string(call.id).key("function").beginObject();
        writer.key("name").string(call.name).key("arguments").raw(arguments.root().raw());
        writer.endObject().endObject();
    }
    writer.endArray();
    return {};
}

/// Callers give a model its earlier thinking back under the names that OpenAI-compatible servers use.
void writeThinking(Writer &writer, const Message &message)
{
    for (const OpaqueField &field : message.extensions) {
        if (field.name != "reasoning_content" && field.name != "reasoning" && field.name != "thinking")
            continue;
        if (field.json.startsWith('"')) {
            writer.key("thinking").raw(field.json);
            return;
        }
    }
}

} // namespace

Result<void> writeMessages(Writer &writer, const QList<Message> &messages)
{
    QHash<QByteArray, QByteArray> functionOfCall;
    writer.key("messages").beginArray();
    for (qsizetype index = 0; index < messages.size(); ++index) {
        const Message &message = messages.at(index);
        for (const ToolCall &call : message.toolCalls)
            functionOfCall.insert(call.id, call.name);
        writer.beginObject().key("role").string(roleName(message.role));
        writer.key("content").string(plainText(message));
        writeThinking(writer, message);
        if (auto written = writeImages(writer, message, index); !written)
            return written;
        if (auto written = writeToolCalls(writer, message, index); !written)
            return written;
        if (message.role == Role::Tool) {
            const QByteArray name = functionOfCall.value(message.toolCallId, message.name);
            writer.key("tool_name").string(name).key("tool_call_id").string(message.toolCallId);
        }
        writer.endObject();
    }
    writer.endArray();
    return {};
}

} // namespace gatehouse::ollama

// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/native/socket_messages.h"

#include "dialects/json/writer.h"
#include "dialects/native/chat_members.h"
#include "dialects/native/socket_envelope.h"
#include "dialects/openai/error_body.h"

namespace gatehouse::native {

Result<SocketEnvelope> openEnvelope(json::Document &document, QByteArrayView text)
{
    const Result<json::Value> root = openai::parseObject(document, text, "message");
    if (!root)
        return root.error();
    Result<openai::Members> members = openai::uniqueMembers(*root, {});
    if (!members)
        return std::move(members).error();
    SocketEnvelope envelope{.type = "chat", .members = *std::move(members)};
    if (const json::Value type = valueOf(envelope.members, "type"); type.exists()) {
        if (auto read = openai::readString(type, "type", envelope.type); !read)
            return std::move(read).error();
    }
    envelope.members.removeIf([](const openai::Member &member) { return member.name == "type"; });
    return envelope;
}

Error unknownType()
{
    return openai::invalidField(
        "type", QStringLiteral("Invalid 'type': it must be 'chat', 'cancel' or 'ping'."), "invalid_value");
}

Result<SocketMessage> decodeSocketMessage(QByteArrayView text)
{
    json::Document document;
    Result<SocketEnvelope> envelope = openEnvelope(document, text);
    if (!envelope)
        return std::move(envelope).error();
    if (envelope->type == "cancel")
        return SocketMessage(CancelMessage{});
    if (envelope->type == "ping")
        return SocketMessage(PingMessage{});
    if (envelope->type != "chat")
        return unknownType();
    Result<ChatBody> chat = decodeChatMembers(std::move(envelope->members), {});
    if (!chat)
        return std::move(chat).error();
    chat->request.stream = true;
    chat->request.choices = 1; // No more is told.
    return SocketMessage(*std::move(chat));
}

QByteArray encodeSocketError(const Error &error)
{
    QByteArray text;
    json::Writer writer(text);
    writer.beginObject().key("type").string("error");
    openai::writeErrorMembers(writer, error, openai::ErrorForm::WithDetail);
    writeRetryAfter(writer, error);
    writer.endObject();
    return text;
}

void writeRetryAfter(json::Writer &writer, const Error &error)
{
    if (error.retryAfter)
        writer.key("retry_after").integer(qint64(error.retryAfter->count()));
}

QByteArray encodePong()
{
    return QByteArrayLiteral("{\"type\":\"pong\"}");
}

} // namespace gatehouse::native

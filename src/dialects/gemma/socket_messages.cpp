// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/gemma/socket_messages.h"

#include "dialects/gemma/envelope_writer.h"
#include "dialects/native/chat_members.h"
#include "dialects/native/socket_envelope.h"
#include "dialects/openai/error_body.h"

namespace gatehouse::gemma {

namespace {

Result<ChatMessage> decodeChat(const json::Value &data)
{
    if (data.isNull())
        return openai::missingField("data");
    if (!data.isObject())
        return openai::wrongType("data", "an object", data);
    Result<openai::Members> members = openai::uniqueMembers(data, "data");
    if (!members)
        return std::move(members).error();
    if (native::valueOf(*members, "message").isNull() && native::valueOf(*members, "messages").isNull())
        return openai::missingField("data.message");
    const bool streamsByDefault = native::valueOf(*members, "stream").isNull();
    Result<native::ChatBody> body = native::decodeChatMembers(*std::move(members), "data");
    if (!body)
        return std::move(body).error();
    if (streamsByDefault)
        body->request.stream = true;
    body->request.choices = 1; // No more is told.
    return ChatMessage{.request = std::move(body->request), .sessionId = std::move(body->sessionId)};
}

} // namespace

Result<SocketMessage> decodeSocketMessage(QByteArrayView text)
{
    json::Document document;
    const Result<native::SocketEnvelope> envelope = native::openEnvelope(document, text);
    if (!envelope)
        return envelope.error();
    if (envelope->type == "cancel")
        return SocketMessage(native::CancelMessage{});
    if (envelope->type == "ping")
        return SocketMessage(native::PingMessage{});
    if (envelope->type != "chat")
        return native::unknownType();
    Result<ChatMessage> chat = decodeChat(native::valueOf(envelope->members, "data"));
    if (!chat)
        return std::move(chat).error();
    return SocketMessage(*std::move(chat));
}

QByteArray encodeConnected(QByteArrayView sessionId)
{
    return EnvelopeWriter("connected", sessionId).finish();
}

QByteArray encodePong(QByteArrayView sessionId)
{
    return EnvelopeWriter("pong", sessionId).finish();
}

QByteArray encodeError(QByteArrayView sessionId, const Error &error)
{
    EnvelopeWriter envelope("error", sessionId);
    openai::writeErrorMembers(envelope.data(), error, openai::ErrorForm::Plain);
    envelope.data().key("message").string(error.message.toUtf8());
    native::writeRetryAfter(envelope.data(), error);
    return envelope.finish();
}

} // namespace gatehouse::gemma

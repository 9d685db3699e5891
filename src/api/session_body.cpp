// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/session_body.h"

#include "api/json_body.h"

namespace gatehouse {

namespace {

/// What an answer has besides its text.
void writeAnswerMembers(json::Writer &writer, const MessageRecord &message)
{
    if (!message.model.isEmpty())
        writer.key("model").string(message.model);
    if (!message.finishReason.isEmpty())
        writer.key("finish_reason").string(message.finishReason);
    if (message.promptTokens <= 0 && message.completionTokens <= 0)
        return;
    writer.key("usage").beginObject();
    writer.key("prompt_tokens").integer(message.promptTokens);
    writer.key("completion_tokens").integer(message.completionTokens);
    writer.key("total_tokens").integer(message.promptTokens + message.completionTokens).endObject();
}

} // namespace

void writeSession(json::Writer &writer, const SessionRecord &session)
{
    writer.beginObject();
    writeSessionMembers(writer, session);
    writer.endObject();
}

void writeSessionMembers(json::Writer &writer, const SessionRecord &session)
{
    writer.key("id").string(session.id).key("object").string("session");
    writer.key("title").string(session.title.toUtf8());
    writer.key("created_at").string(rfc3339(session.createdAt));
    writer.key("updated_at").string(rfc3339(session.updatedAt));
    writer.key("message_count").integer(session.messages);
    writer.key("key_id").string(session.owner);
}

void writeMessage(json::Writer &writer, const MessageRecord &message)
{
    writer.beginObject().key("number").integer(message.number).key("role").string(message.role);
    writer.key("content").string(message.text);
    if (!message.json.isEmpty())
        writer.key("message").raw(message.json);
    writeAnswerMembers(writer, message);
    if (!message.requestId.isEmpty())
        writer.key("request_id").string(message.requestId);
    writer.key("created_at").string(rfc3339(message.createdAt)).endObject();
}

void writeHit(json::Writer &writer, const SearchHit &hit)
{
    writer.beginObject().key("session_id").string(hit.sessionId);
    writer.key("session_title").string(hit.sessionTitle.toUtf8());
    writer.key("number").integer(hit.message.number).key("role").string(hit.message.role);
    writer.key("snippet").string(hit.snippet.toUtf8());
    if (!hit.message.model.isEmpty())
        writer.key("model").string(hit.message.model);
    writer.key("created_at").string(rfc3339(hit.message.createdAt)).endObject();
}

} // namespace gatehouse

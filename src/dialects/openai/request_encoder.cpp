// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/request_encoder.h"

#include "dialects/json/document.h"
#include "dialects/json/writer.h"
#include "dialects/openai/embeddings.h"

namespace gatehouse::openai {

namespace {

using json::Writer;

QByteArrayView roleName(Role role)
{
    switch (role) {
    case Role::System:
        return "system";
    case Role::Developer:
        return "developer";
    case Role::User:
        return "user";
    case Role::Assistant:
        return "assistant";
    case Role::Tool:
        return "tool";
    }
    Q_UNREACHABLE();
}

void writeContent(Writer &writer, const Message &message)
{
    writer.key("content");
    if (!message.content) {
        writer.null();
        return;
    }
    if (message.contentIsString) {
        writer.string(plainText(message));
        return;
    }
    writer.beginArray();
    for (const ContentPart &part : *message.content) {
        if (part.json.isEmpty())
            writer.beginObject().key("type").string("text").key("text").string(part.text).endObject();
        else
            writer.raw(part.json);
    }
    writer.endArray();
}

void writeExtensions(Writer &writer, const OpaqueFields &extensions)
{
    for (const OpaqueField &field : extensions)
        writer.key(field.name).raw(field.json);
}

void writeToolCall(Writer &writer, const ToolCall &call)
{
    writer.beginObject().key("id").string(call.id).key("type").string("function").key("function");
    writer.beginObject().key("name").string(call.name).key("arguments").string(call.arguments).endObject();
    writeExtensions(writer, call.extensions);
    writer.endObject();
}

void writeMessage(Writer &writer, const Message &message)
{
    writer.beginObject().key("role").string(roleName(message.role));
    writeContent(writer, message);
    if (!message.name.isEmpty())
        writer.key("name").string(message.name);
    if (!message.toolCallId.isEmpty())
        writer.key("tool_call_id").string(message.toolCallId);
    if (!message.toolCalls.isEmpty()) {
        writer.key("tool_calls").beginArray();
        for (const ToolCall &call : message.toolCalls)
            writeToolCall(writer, call);
        writer.endArray();
    }
    writeExtensions(writer, message.extensions);
    writer.endObject();
}

void writePrompt(Writer &writer, const Prompt &prompt)
{
    writer.key("prompt");
    if (prompt.texts.size() == 1) {
        writer.string(prompt.texts.first());
    } else {
        writer.beginArray();
        for (const QByteArray &text : prompt.texts)
            writer.string(text);
        writer.endArray();
    }
    if (prompt.echo)
        writer.key("echo").boolean(true);
}

void writeInput(Writer &writer, const ChatRequest &request)
{
    if (const auto *prompt = std::get_if<Prompt>(&request.input)) {
        writePrompt(writer, *prompt);
        return;
    }
    writer.key("messages").beginArray();
    for (const Message &message : std::get<Conversation>(request.input).messages)
        writeMessage(writer, message);
    writer.endArray();
}

void writeNumber(Writer &writer, QByteArrayView name, const std::optional<double> &value)
{
    if (value)
        writer.key(name).number(*value);
}

void writeSampling(Writer &writer, const Sampling &sampling)
{
    writeNumber(writer, "temperature", sampling.temperature);
    writeNumber(writer, "top_p", sampling.topP);
    if (sampling.topK)
        writer.key("top_k").integer(*sampling.topK);
    writeNumber(writer, "min_p", sampling.minP);
    writeNumber(writer, "presence_penalty", sampling.presencePenalty);
    writeNumber(writer, "frequency_penalty", sampling.frequencyPenalty);
    writeNumber(writer, "repeat_penalty", sampling.repeatPenalty);
    if (sampling.seed)
        writer.key("seed").integer(*sampling.seed);
}

void writeLimits(Writer &writer, const ChatRequest &request)
{
    if (!request.stop.isEmpty()) {
        writer.key("stop").beginArray();
        for (const QByteArray &stop : request.stop)
            writer.string(stop);
        writer.endArray();
    }
    if (request.maxTokens)
        writer.key(request.maxTokensCoverReasoning ? "max_completion_tokens" : "max_tokens")
            .integer(*request.maxTokens);
    if (request.choices != 1)
        writer.key("n").integer(request.choices);
    if (!request.topLogprobs)
        return;
    if (!request.isConversation()) {
        writer.key("logprobs").integer(*request.topLogprobs);
        return;
    }
    writer.key("logprobs").boolean(true);
    if (*request.topLogprobs > 0)
        writer.key("top_logprobs").integer(*request.topLogprobs);
}

void writeTools(Writer &writer, const ChatRequest &request)
{
    const auto writeRaw = [&writer](QByteArrayView name, const QByteArray &json) {
        if (!json.isEmpty())
            writer.key(name).raw(json);
    };
    writeRaw("tools", request.tools);
    writeRaw("tool_choice", request.toolChoice);
    writeRaw("response_format", request.responseFormat);
}

/// The caller's own stream options with `include_usage` set.
void writeStreamOptions(Writer &writer, const OpaqueFields &extensions)
{
    writer.key("stream_options").beginObject().key("include_usage").boolean(true);
    for (const OpaqueField &field : extensions) {
        json::Document options;
        if (field.name != "stream_options" || options.parse(field.json) != json::Document::Status::Valid)
            continue;
        for (const json::Value member : options.root()) {
            if (!member.isNamed("include_usage"))
                writer.key(member.name()).raw(member.raw());
        }
    }
    writer.endObject();
}

} // namespace

QByteArray requestPath(const ChatRequest &request)
{
    if (std::holds_alternative<EmbeddingInput>(request.input))
        return "embeddings";
    return request.isConversation() ? "chat/completions" : "completions";
}

QByteArray encodeRequest(const ChatRequest &request, QByteArrayView model)
{
    if (std::holds_alternative<EmbeddingInput>(request.input))
        return encodeEmbeddingsRequest(request, model);
    QByteArray body;
    Writer writer(body);
    writer.beginObject().key("model").string(model);
    writeInput(writer, request);
    writer.key("stream").boolean(request.stream);
    if (request.stream)
        writeStreamOptions(writer, request.extensions);
    writeSampling(writer, request.sampling);
    writeLimits(writer, request);
    writeTools(writer, request);
    for (const OpaqueField &field : request.extensions) {
        if (field.name != "stream_options") // Merged above; servers refuse it for an answer in one piece.
            writer.key(field.name).raw(field.json);
    }
    writer.endObject();
    return body;
}

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/request_encoder.h"

#include "dialects/json/document.h"
#include "dialects/json/writer.h"
#include "dialects/ollama/embeddings.h"
#include "dialects/ollama/message_encoder.h"

#include <algorithm>

namespace gatehouse::ollama {

namespace {

using json::Document;
using json::Writer;

Error unsupported(const QByteArray &param, const QString &text)
{
    return {
        .code = ErrorCode::InvalidRequest, .message = text, .param = param, .reason = "unsupported_value"};
}

/// Members of which the last one written counts, so that what the caller said twice is said once.
class OptionList
{
public:
    void set(const QByteArray &name, QByteArray json)
    {
        m_fields.removeIf([&name](const OpaqueField &field) { return field.name == name; });
        m_fields.append({.name = name, .json = std::move(json)});
    }
    void set(const QByteArray &name, const std::optional<double> &value)
    {
        if (!value)
            return;
        QByteArray json;
        Writer(json).number(*value);
        set(name, json);
    }
    void set(const QByteArray &name, const std::optional<qint64> &value)
    {
        if (value)
            set(name, QByteArray::number(*value));
    }
    [[nodiscard]] const OpaqueFields &fields() const { return m_fields; }

private:
    OpaqueFields m_fields;
};

QByteArray extension(const ChatRequest &request, QByteArrayView name)
{
    const auto found = std::ranges::find(request.extensions, name, &OpaqueField::name);
    return found == request.extensions.end() ? QByteArray() : found->json;
}

/// What Ollama reads in `options` only (its api/types.go) and callers may have beside them.
constexpr QByteArrayView optionNames[] = {
    "num_ctx",     "num_batch", "num_gpu",  "main_gpu",      "use_mmap",     "num_thread",  "num_keep",
    "num_predict", "typical_p", "mirostat", "repeat_last_n", "mirostat_eta", "mirostat_tau"};

bool isOption(const OpaqueField &field)
{
    return std::ranges::find(optionNames, field.name) != std::end(optionNames);
}

/// The caller's own `options`, overridden by what the request says elsewhere.
OpaqueFields options(const ChatRequest &request)
{
    constexpr qsizetype maxOptions = 256;
    OptionList list;
    Document own;
    if (own.parse(extension(request, "options")) == Document::Status::Valid && own.root().isObject()) {
        for (const json::Value member : own.root()) {
            if (list.fields().size() < maxOptions)
                list.set(member.name(), member.raw().toByteArray());
        }
    }
    for (const OpaqueField &field : request.extensions) {
        if (isOption(field))
            list.set(field.name, field.json);
    }
    const Sampling &sampling = request.sampling;
    list.set("temperature", sampling.temperature);
    list.set("top_p", sampling.topP);
    list.set("top_k", sampling.topK ? std::optional<qint64>(*sampling.topK) : std::nullopt);
    list.set("min_p", sampling.minP);
    list.set("presence_penalty", sampling.presencePenalty);
    list.set("frequency_penalty", sampling.frequencyPenalty);
    list.set("repeat_penalty", sampling.repeatPenalty);
    list.set("seed", sampling.seed);
    list.set("num_predict", request.maxTokens);
    if (!request.stop.isEmpty()) {
        QByteArray stops;
        Writer writer(stops);
        writer.beginArray();
        for (const QByteArray &stop : request.stop)
            writer.string(stop);
        writer.endArray();
        list.set("stop", stops);
    }
    return list.fields();
}

void writeOptions(Writer &writer, const ChatRequest &request)
{
    const OpaqueFields fields = options(request);
    if (fields.isEmpty())
        return;
    writer.key("options").beginObject();
    for (const OpaqueField &field : fields)
        writer.key(field.name).raw(field.json);
    writer.endObject();
}

/// `format` is "json" or a JSON schema.
void writeFormat(Writer &writer, const ChatRequest &request)
{
    Document document;
    if (document.parse(request.responseFormat) != Document::Status::Valid)
        return;
    const json::Value root = document.root();
    const QByteArray type = root.find("type").string();
    const json::Value schema = root.find("json_schema").find("schema");
    if (type == "json_schema" && schema.isObject())
        writer.key("format").raw(schema.raw());
    else if (type == "json_object")
        writer.key("format").string("json");
}

/// Ollama knows no tool_choice; without tools, none is called.
void writeTools(Writer &writer, const ChatRequest &request)
{
    if (!request.tools.isEmpty() && request.toolChoice != "\"none\"")
        writer.key("tools").raw(request.tools);
}

void writeLogprobs(Writer &writer, const ChatRequest &request)
{
    if (!request.topLogprobs)
        return;
    writer.key("logprobs").boolean(true);
    if (*request.topLogprobs > 0)
        writer.key("top_logprobs").integer(*request.topLogprobs);
}

void writeExtensions(Writer &writer, const ChatRequest &request)
{
    for (const OpaqueField &field : request.extensions) {
        if (field.name == "reasoning_effort") {
            if (extension(request, "think").isEmpty())
                writer.key("think").raw(field.json == "\"none\"" ? QByteArrayView("false") : field.json);
        } else if (field.name != "options" && field.name != "stream_options" && !isOption(field)) {
            writer.key(field.name).raw(field.json);
        }
    }
}

Result<void> checkExpressible(const ChatRequest &request)
{
    if (request.choices != 1)
        return unsupported("n", QStringLiteral("This model's server gives one choice only."));
    const auto *prompt = std::get_if<Prompt>(&request.input);
    if (prompt && prompt->texts.size() != 1)
        return unsupported("prompt", QStringLiteral("This model's server takes one prompt at a time."));
    if (prompt && prompt->echo)
        return unsupported("echo", QStringLiteral("This model's server does not repeat the prompt."));
    return {};
}

} // namespace

QByteArray requestPath(const ChatRequest &request)
{
    if (std::holds_alternative<EmbeddingInput>(request.input))
        return "api/embed";
    return request.isConversation() ? "api/chat" : "api/generate";
}

Result<QByteArray> encodeRequest(const ChatRequest &request, QByteArrayView model)
{
    if (const auto *input = std::get_if<EmbeddingInput>(&request.input))
        return encodeEmbeddingsRequest(*input, request.extensions, model);
    if (auto checked = checkExpressible(request); !checked)
        return std::move(checked).error();
    QByteArray body;
    Writer writer(body);
    writer.beginObject().key("model").string(model);
    writer.key("stream").boolean(request.stream);
    if (const auto *prompt = std::get_if<Prompt>(&request.input)) {
        writer.key("prompt").string(prompt->texts.first()).key("raw").boolean(true);
    } else {
        const auto written = writeMessages(writer, std::get<Conversation>(request.input).messages);
        if (!written)
            return written.error();
        writeTools(writer, request);
    }
    writeOptions(writer, request);
    writeFormat(writer, request);
    writeLogprobs(writer, request);
    writeExtensions(writer, request);
    writer.endObject();
    return body;
}

} // namespace gatehouse::ollama

// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/answer_encoder.h"

#include "dialects/json/text.h"
#include "dialects/json/writer.h"
#include "dialects/openai/error_body.h"
#include "dialects/openai/logprobs.h"
#include "dialects/openai/usage_body.h"

#include <type_traits>
#include <utility>

namespace gatehouse::openai {

namespace {

using json::Writer;

void append(QByteArray &out, QByteArrayView bytes)
{
    out.append(bytes.data(), bytes.size());
}

/// `value` as a JSON string after `name`, which brings its own punctuation.
void appendString(QByteArray &out, QByteArrayView name, QByteArrayView value)
{
    append(out, name);
    out += '"';
    json::appendEscaped(out, value);
    out += '"';
}

} // namespace

AnswerEncoder::AnswerEncoder(AnswerHead head)
    : m_head(std::move(head))
{
    renderPrefix();
}

QByteArray AnswerEncoder::encode(const ChatEvent &event)
{
    if (m_over)
        return {};
    m_over = std::holds_alternative<AnswerCompleted>(event) || std::holds_alternative<AnswerFailed>(event);
    if (!m_head.stream)
        return fold(event);
    return std::visit([this](const auto &what) { return encodeChunk(what); }, event);
}

QByteArray AnswerEncoder::fold(const ChatEvent &event)
{
    if (std::holds_alternative<AnswerCompleted>(event))
        return m_fold.body(m_head);
    if (const auto *failed = std::get_if<AnswerFailed>(&event))
        return encodeError(failed->error);
    if (const auto *started = std::get_if<AnswerStarted>(&event))
        return encodeChunk(*started);
    std::visit(
        [this](const auto &part) {
            if constexpr (requires { m_fold.add(part); })
                m_fold.add(part);
        },
        event);
    return {};
}

/// The first chunk comes with the first delta: until then a failure can still become an HTTP status.
QByteArray AnswerEncoder::encodeChunk(const AnswerStarted &started)
{
    if (m_head.model.isEmpty())
        m_head.model = started.model;
    m_head.fingerprint = started.fingerprint;
    renderPrefix();
    return {};
}

QByteArray AnswerEncoder::encodeChunk(const TextDelta &delta)
{
    QByteArray out;
    out.reserve(m_prefix.size() + delta.text.size() + 128);
    if (m_head.kind == AnswerKind::Chat) {
        sendRole(out, delta.choice, "\"\"");
        beginChunk(out, delta.choice);
        appendString(out, ",\"delta\":{\"content\":", delta.text);
        append(out, "},\"logprobs\":");
    } else {
        beginChunk(out, delta.choice);
        appendString(out, ",\"text\":", delta.text);
        append(out, ",\"logprobs\":");
    }
    Writer writer(out);
    if (m_head.kind == AnswerKind::Chat) {
        writeChatLogprobs(writer, delta.logprobs);
    } else {
        qsizetype &characters = stateAt(delta.choice).characters;
        writeCompletionLogprobs(writer, delta.logprobs, characters);
        characters += characterCount(delta.logprobs);
    }
    endChunk(out);
    return out;
}

/// A delta of a chat's own; a completion has no place for it. `content` is what the role comes with.
template <typename Delta>
QByteArray AnswerEncoder::textField(const Delta &delta, QByteArrayView field, QByteArrayView content)
{
    if (m_head.kind != AnswerKind::Chat)
        return {};
    QByteArray out;
    sendRole(out, delta.choice, content);
    beginChunk(out, delta.choice);
    append(out, ",\"delta\":");
    Writer(out).beginObject().key(field).string(delta.text).endObject();
    append(out, ",\"logprobs\":null");
    endChunk(out);
    return out;
}

QByteArray AnswerEncoder::encodeChunk(const ReasoningDelta &delta)
{
    return textField(delta, "reasoning_content", "\"\"");
}

QByteArray AnswerEncoder::encodeChunk(const RefusalDelta &delta)
{
    return textField(delta, "refusal", "null");
}

QByteArray AnswerEncoder::encodeChunk(const ToolCallDelta &delta)
{
    if (m_head.kind != AnswerKind::Chat)
        return {};
    QByteArray out;
    sendRole(out, delta.choice, "null");
    beginChunk(out, delta.choice);
    append(out, ",\"delta\":");
    Writer writer(out);
    writer.beginObject().key("tool_calls").beginArray().beginObject().key("index").integer(delta.index);
    if (!delta.id.isEmpty())
        writer.key("id").string(delta.id).key("type").string("function");
    writer.key("function").beginObject();
    if (!delta.name.isEmpty())
        writer.key("name").string(delta.name);
    writer.key("arguments").string(delta.arguments);
    writer.endObject().endObject().endArray().endObject();
    append(out, ",\"logprobs\":null");
    endChunk(out);
    return out;
}

QByteArray AnswerEncoder::encodeChunk(const ChoiceFinished &finished)
{
    const bool isChat = m_head.kind == AnswerKind::Chat;
    QByteArray out;
    if (isChat)
        sendRole(out, finished.choice, "\"\"");
    beginChunk(out, finished.choice);
    append(out, isChat ? ",\"delta\":{},\"logprobs\":null" : ",\"text\":\"\",\"logprobs\":null");
    endChunk(out, finishReasonName(finished.reason));
    return out;
}

QByteArray AnswerEncoder::encodeChunk(const UsageReported &reported)
{
    m_usage = reported.usage;
    return {};
}

QByteArray AnswerEncoder::encodeChunk(const AnswerCompleted &)
{
    QByteArray out;
    if (m_head.includeUsage && m_usage) {
        append(out, m_prefix);
        append(out, "],\"usage\":");
        Writer writer(out);
        writeUsage(writer, *m_usage);
        append(out, "}\n\n");
    }
    append(out, "data: [DONE]\n\n");
    return out;
}

QByteArray AnswerEncoder::encodeChunk(const AnswerFailed &failed)
{
    return "data: " + encodeError(failed.error) + "\n\n";
}

void AnswerEncoder::renderPrefix()
{
    m_prefix = "data: ";
    Writer writer(m_prefix);
    writer.beginObject().key("id").string(m_head.id);
    writer.key("object").string(m_head.kind == AnswerKind::Chat ? "chat.completion.chunk"
                                                                : "text_completion");
    writer.key("created").integer(m_head.created).key("model").string(m_head.model);
    if (!m_head.fingerprint.isEmpty())
        writer.key("system_fingerprint").string(m_head.fingerprint);
    writer.key("choices").beginArray();
}

void AnswerEncoder::beginChunk(QByteArray &out, int choice)
{
    append(out, m_prefix);
    Writer(out).beginObject().key("index").integer(choice);
}

void AnswerEncoder::endChunk(QByteArray &out, QByteArrayView finishReason) const
{
    if (finishReason.isEmpty())
        append(out, ",\"finish_reason\":null}]");
    else
        appendString(out, ",\"finish_reason\":", finishReason);
    if (!finishReason.isEmpty())
        append(out, "}]");
    append(out, m_head.includeUsage ? ",\"usage\":null}\n\n" : "}\n\n");
}

/// The role is in the first delta of a choice only, in a chunk of its own as OpenAI has it.
void AnswerEncoder::sendRole(QByteArray &out, int choice, QByteArrayView content)
{
    if (std::exchange(stateAt(choice).roleSent, true))
        return;
    beginChunk(out, choice);
    append(out, ",\"delta\":{\"role\":\"assistant\",\"content\":");
    append(out, content);
    append(out, "},\"logprobs\":null");
    endChunk(out);
}

AnswerEncoder::ChoiceState &AnswerEncoder::stateAt(int choice)
{
    const auto wanted = static_cast<std::size_t>(choice) + 1;
    if (m_choices.size() < wanted)
        m_choices.resize(wanted);
    return m_choices[wanted - 1];
}

} // namespace gatehouse::openai

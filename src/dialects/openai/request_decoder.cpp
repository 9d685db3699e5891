// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/request_decoder.h"

#include "dialects/json/document.h"
#include "dialects/json/writer.h"
#include "dialects/openai/field_reader.h"
#include "dialects/openai/message_decoder.h"

#include <algorithm>
#include <limits>
#include <span>

namespace gatehouse::openai {

namespace {

using json::Value;

/// What is read before it can be judged: some fields only make sense beside others.
struct Draft
{
    ChatRequest request;
    std::optional<qint64> maxTokens;
    std::optional<qint64> maxCompletionTokens;
    bool logprobs = false;
    std::optional<qint64> topLogprobs;
    QByteArray topLogprobsParam;
};

/// How one member of the body is read. `param` is its name.
struct Field
{
    QByteArrayView name;
    Result<void> (*read)(const Value &value, const QByteArray &param, Draft &draft);
};

constexpr NumberRange unitRange{0, 1};
constexpr NumberRange penaltyRange{-2, 2};
constexpr IntegerRange tokenRange{1, std::numeric_limits<qint32>::max()};

Result<void> readTopK(const Value &value, const QByteArray &param, Draft &draft)
{
    std::optional<qint64> topK;
    auto read = readInteger(value, param, {-1, std::numeric_limits<qint32>::max()}, topK);
    draft.request.sampling.topK = topK ? std::optional(static_cast<int>(*topK)) : std::nullopt;
    return read;
}

Result<void> readRepeatPenalty(const Value &value, const QByteArray &param, Draft &draft)
{
    constexpr NumberRange range{0, 100};
    auto read = readNumber(value, param, range, draft.request.sampling.repeatPenalty);
    if (read && draft.request.sampling.repeatPenalty == 0.0)
        return invalidField(param, QStringLiteral("Invalid 'repeat_penalty': it must be more than 0."),
                            "invalid_value");
    return read;
}

Result<void> readSeed(const Value &value, const QByteArray &param, Draft &draft)
{
    constexpr IntegerRange any{std::numeric_limits<qint64>::min(), std::numeric_limits<qint64>::max()};
    return readInteger(value, param, any, draft.request.sampling.seed);
}

Result<void> readChoices(const Value &value, const QByteArray &param, Draft &draft)
{
    std::optional<qint64> choices;
    auto read = readInteger(value, param, {1, maxChoices}, choices);
    draft.request.choices = static_cast<int>(choices.value_or(1));
    return read;
}

Result<void> readStop(const Value &value, const QByteArray &param, Draft &draft)
{
    QList<QByteArray> &stops = draft.request.stop;
    const auto add = [&stops](const Value &stop, const QByteArray &path) -> Result<void> {
        if (!stop.isString())
            return wrongType(path, "a string", stop);
        const QByteArray text = stop.string();
        if (text.size() > maxStopBytes)
            return tooLong(path, maxStopBytes);
        if (stops.size() == maxStops)
            return tooMany(path, maxStops);
        if (!text.isEmpty()) // It would match before the first token.
            stops.append(text);
        return {};
    };
    if (value.isNull())
        return {};
    if (value.isString())
        return add(value, param);
    if (!value.isArray())
        return wrongType(param, "a string or an array of strings", value);
    qsizetype index = 0;
    for (const Value stop : value) {
        if (auto added = add(stop, elementPath(param, index++)); !added)
            return added;
    }
    return {};
}

/// `include_usage` is the gateway's business; other members go on.
Result<void> readStreamOptions(const Value &value, const QByteArray &param, Draft &draft)
{
    if (value.isNull())
        return {};
    if (!value.isObject())
        return wrongType(param, "an object", value);
    const auto members = uniqueMembers(value, param);
    if (!members)
        return members.error();
    QByteArray others;
    json::Writer writer(others);
    writer.beginObject();
    for (const auto &[name, member, path] : *members) {
        if (name == "include_usage") {
            if (auto read = readBoolean(member, path, draft.request.includeUsage); !read)
                return read;
        } else {
            writer.key(name).raw(member.raw());
        }
    }
    writer.endObject();
    if (others != "{}")
        draft.request.extensions.append({.name = "stream_options", .json = others});
    return {};
}

Result<void> readTools(const Value &value, const QByteArray &param, Draft &draft)
{
    if (value.isNull())
        return {};
    if (!value.isArray())
        return wrongType(param, "an array", value);
    qsizetype index = 0;
    for (const Value tool : value) {
        if (index == maxTools)
            return tooMany(param, maxTools);
        const QByteArray path = elementPath(param, index++);
        if (!tool.isObject())
            return wrongType(path, "an object", tool);
        if (!tool.find("type").isString())
            return missingField(memberPath(path, "type"));
    }
    if (index > 0) // Servers refuse an empty list, and it says nothing.
        draft.request.tools = value.raw().toByteArray();
    return {};
}

Result<void> readToolChoice(const Value &value, const QByteArray &param, Draft &draft)
{
    if (value.isNull())
        return {};
    if (!value.isString() && !value.isObject())
        return wrongType(param, "a string or an object", value);
    draft.request.toolChoice = value.raw().toByteArray();
    return {};
}

Result<void> readResponseFormat(const Value &value, const QByteArray &param, Draft &draft)
{
    if (value.isNull())
        return {};
    if (!value.isObject())
        return wrongType(param, "an object", value);
    if (!value.find("type").isString())
        return missingField(memberPath(param, "type"));
    draft.request.responseFormat = value.raw().toByteArray();
    return {};
}

Result<void> readMessages(const Value &value, const QByteArray &param, Draft &draft)
{
    Result<QList<Message>> messages = decodeMessages(value, param);
    if (!messages)
        return std::move(messages).error();
    draft.request.input = Conversation{*std::move(messages)};
    return {};
}

Result<void> readPrompt(const Value &value, const QByteArray &param, Draft &draft)
{
    Prompt &prompt = std::get<Prompt>(draft.request.input);
    if (value.isNull())
        return missingField(param);
    if (!value.isString() && !value.isArray())
        return wrongType(param, "a string or an array of strings", value);
    if (value.isString())
        prompt.texts.append(value.string());
    qsizetype index = 0;
    for (const Value text : value) {
        if (index == maxPrompts)
            return tooMany(param, maxPrompts);
        const QByteArray path = elementPath(param, index++);
        if (!text.isString())
            return wrongType(path, "a string (token numbers are not supported)", text);
        prompt.texts.append(text.string());
    }
    if (prompt.texts.isEmpty())
        return invalidField(param, QStringLiteral("Invalid 'prompt': the array must not be empty."),
                            "empty_array");
    return {};
}

constexpr Field commonFields[] = {
    {"model",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readName(v, p, d.request.model);
     }},
    {"modelKey",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readName(v, p, d.request.routeKey);
     }},
    {"stream",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readBoolean(v, p, d.request.stream);
     }},
    {"stream_options", readStreamOptions},
    {"temperature",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readNumber(v, p, {0, 2}, d.request.sampling.temperature);
     }},
    {"top_p",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readNumber(v, p, unitRange, d.request.sampling.topP);
     }},
    {"top_k", readTopK},
    {"min_p",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readNumber(v, p, unitRange, d.request.sampling.minP);
     }},
    {"presence_penalty",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readNumber(v, p, penaltyRange, d.request.sampling.presencePenalty);
     }},
    {"frequency_penalty",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readNumber(v, p, penaltyRange, d.request.sampling.frequencyPenalty);
     }},
    {"repeat_penalty", readRepeatPenalty},
    {"seed", readSeed},
    {"stop", readStop},
    {"n", readChoices},
    {"max_tokens",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readInteger(v, p, tokenRange, d.maxTokens);
     }},
};

constexpr Field chatFields[] = {
    {"messages", readMessages},
    {"max_completion_tokens",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readInteger(v, p, tokenRange, d.maxCompletionTokens);
     }},
    {"logprobs",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readBoolean(v, p, d.logprobs);
     }},
    {"top_logprobs",
     [](const Value &v, const QByteArray &p, Draft &d) {
         d.topLogprobsParam = p;
         return readInteger(v, p, {0, 20}, d.topLogprobs);
     }},
    {"tools", readTools},
    {"tool_choice", readToolChoice},
    {"response_format", readResponseFormat},
};

constexpr Field completionFields[] = {
    {"prompt", readPrompt},
    {"echo",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readBoolean(v, p, std::get<Prompt>(d.request.input).echo);
     }},
    {"logprobs",
     [](const Value &v, const QByteArray &p, Draft &d) {
         return readInteger(v, p, {0, 5}, d.topLogprobs);
     }},
};

const Field *findField(std::span<const Field> fields, const QByteArray &name)
{
    const auto found =
        std::ranges::find_if(fields, [&name](const Field &field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

Result<void> readMembers(const Members &members, std::span<const Field> ownFields, Draft &draft)
{
    for (const auto &[name, value, param] : members) {
        const Field *field = findField(ownFields, name);
        if (!field)
            field = findField(commonFields, name);
        if (!field) {
            draft.request.extensions.append(opaqueField(name, value));
            continue;
        }
        if (auto read = field->read(value, param, draft); !read)
            return read;
    }
    return {};
}

void settleTokenLimit(Draft &draft)
{
    draft.request.maxTokensCoverReasoning = draft.maxCompletionTokens.has_value();
    draft.request.maxTokens = draft.maxCompletionTokens ? draft.maxCompletionTokens : draft.maxTokens;
}

/// A chat says `logprobs: true, top_logprobs: n`.
Result<void> settleChatLogprobs(Draft &draft)
{
    if (draft.logprobs)
        draft.request.topLogprobs = static_cast<int>(draft.topLogprobs.value_or(0));
    else if (draft.topLogprobs.value_or(0) > 0)
        return invalidField(draft.topLogprobsParam,
                            QStringLiteral("'top_logprobs' needs 'logprobs' to be true."), "invalid_value");
    return {};
}

} // namespace

bool isChatMember(const QByteArray &name)
{
    return findField(chatFields, name) || findField(commonFields, name);
}

Result<ChatRequest> decodeChatMembers(const Members &members)
{
    Draft draft;
    if (auto read = readMembers(members, chatFields, draft); !read)
        return std::move(read).error();
    if (auto settled = settleChatLogprobs(draft); !settled)
        return std::move(settled).error();
    settleTokenLimit(draft);
    return std::move(draft.request);
}

Result<ChatRequest> decodeChatRequest(QByteArrayView body)
{
    json::Document document;
    const Result<Value> root = parseObject(document, body);
    if (!root)
        return root.error();
    const Result<Members> members = uniqueMembers(*root, {});
    if (!members)
        return members.error();
    Result<ChatRequest> request = decodeChatMembers(*members);
    if (request && std::get<Conversation>(request->input).messages.isEmpty())
        return missingField("messages");
    return request;
}

Result<ChatRequest> decodeCompletionRequest(QByteArrayView body)
{
    json::Document document;
    const Result<Value> root = parseObject(document, body);
    if (!root)
        return root.error();
    const Result<Members> members = uniqueMembers(*root, {});
    if (!members)
        return members.error();
    Draft draft;
    draft.request.input = Prompt{};
    if (auto read = readMembers(*members, completionFields, draft); !read)
        return std::move(read).error();
    if (std::get<Prompt>(draft.request.input).texts.isEmpty())
        return missingField("prompt");
    if (draft.topLogprobs)
        draft.request.topLogprobs = static_cast<int>(*draft.topLogprobs);
    settleTokenLimit(draft);
    return std::move(draft.request);
}

} // namespace gatehouse::openai

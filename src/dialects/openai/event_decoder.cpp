// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/openai/event_decoder.h"

#include "dialects/openai/logprobs.h"
#include "dialects/openai/request_decoder.h"
#include "dialects/openai/upstream_error.h"
#include "dialects/openai/usage_body.h"

#include <algorithm>

namespace gatehouse::openai {

namespace {

using json::Value;

constexpr qint64 choiceLimit = maxChoices * maxPrompts;

/// Words beyond OpenAI's are of servers that pass their model's own on. What nobody knows is a stop.
FinishReason finishReason(const QByteArray &word)
{
    if (word == "length" || word == "max_tokens" || word == "MAX_TOKENS")
        return FinishReason::Length;
    if (word == "tool_calls" || word == "function_call" || word == "tool_use")
        return FinishReason::ToolCalls;
    if (word == "content_filter" || word == "SAFETY")
        return FinishReason::ContentFilter;
    if (word == "error")
        return FinishReason::Error;
    return FinishReason::Stop;
}

/// DeepSeek, vLLM and llama-server say `reasoning_content`; OpenRouter, Ollama and newer vLLM `reasoning`.
/// Some say both, with the same text.
QByteArray reasoningOf(const Value &delta)
{
    QByteArray text = delta.find("reasoning_content").string();
    return text.isEmpty() ? delta.find("reasoning").string() : text;
}

/// Mistral streams content as parts, with the thinking as one of them.
void takeParts(const Value &parts, int index, ChatEvents &events)
{
    for (const Value part : parts) {
        const QByteArray text = part.find("text").string();
        if (!text.isEmpty())
            events.append(TextDelta{.choice = index, .text = text});
        for (const Value thought : part.find("thinking")) {
            const QByteArray thinking = thought.find("text").string();
            if (!thinking.isEmpty())
                events.append(ReasoningDelta{.choice = index, .text = thinking});
        }
    }
}

void takeText(QByteArray text, QList<TokenLogprob> logprobs, int index, ChatEvents &events)
{
    if (!text.isEmpty() || !logprobs.isEmpty())
        events.append(TextDelta{.choice = index, .text = std::move(text), .logprobs = std::move(logprobs)});
}

} // namespace

ChatEvents EventDecoder::feed(QByteArrayView payload)
{
    ChatEvents events;
    payload = payload.trimmed();
    if (m_over || payload.isEmpty()) // Some servers send empty data to keep a connection alive.
        return events;
    if (payload == "[DONE]")
        complete(events);
    else if (m_document.parse(payload) != json::Document::Status::Valid || !m_document.root().isObject())
        fail(garbageError(QStringLiteral("an event is no JSON object")), events);
    else
        takePayload(m_document.root(), events);
    return events;
}

ChatEvents EventDecoder::feedAnswer(QByteArrayView body)
{
    ChatEvents events;
    if (m_over)
        return events;
    if (m_document.parse(body) != json::Document::Status::Valid) {
        fail(garbageError(QStringLiteral("the body is not JSON")), events);
        return events;
    }
    takePayload(m_document.root(), events);
    if (!m_over)
        complete(events);
    return events;
}

ChatEvents EventDecoder::end()
{
    ChatEvents events;
    if (m_over)
        return events;
    const auto finished =
        std::ranges::count_if(m_choices, [](const Choice &choice) { return choice.finished; });
    const bool allFinished =
        std::ranges::all_of(m_choices, [](const Choice &c) { return c.finished || !c.seen; });
    if (allFinished && static_cast<std::size_t>(finished) >= m_expectedChoices)
        complete(events);
    else
        fail(cutError(), events);
    return events;
}

void EventDecoder::takePayload(const Value &payload, ChatEvents &events)
{
    if (std::optional<Error> error = findError(payload)) {
        fail(*std::move(error), events);
        return;
    }
    const Value choices = payload.find("choices");
    const std::optional<Usage> usage = decodeUsage(payload.find("usage"));
    if (usage)
        m_usage = usage;
    if (!choices.isArray()) // A ping of a proxy, say, or usage alone.
        return;
    if (!m_started && !choices.isEmpty()) { // Azure begins with a chunk of filter results and no model.
        m_started = true;
        events.append(AnswerStarted{.model = payload.find("model").string(),
                                    .fingerprint = payload.find("system_fingerprint").string()});
    }
    qint64 position = 0;
    for (const Value choice : choices) {
        takeChoice(choice, position++, events);
        if (m_over)
            return;
    }
}

void EventDecoder::takeChoice(const Value &choice, qint64 position, ChatEvents &events)
{
    const qint64 number = choice.find("index").integer().value_or(position);
    if (!choice.isObject() || number < 0 || number >= choiceLimit) {
        fail(garbageError(QStringLiteral("a choice is none")), events);
        return;
    }
    if (!choice.find("error").isNull()) { // OpenRouter: the provider behind it failed.
        fail(findError(choice).value_or(
                 garbageError(QStringLiteral("a choice has an error of no known shape"))),
             events);
        return;
    }
    const int index = static_cast<int>(number);
    Choice &state = choiceAt(index);
    state.seen = true;
    if (state.finished)
        return;
    takeDelta(choice, index, events);
    if (state.toolCalls.overflowed()) {
        fail(garbageError(QStringLiteral("too many tool calls")), events);
        return;
    }
    const QByteArray reason = choice.find("finish_reason").string();
    if (!reason.isEmpty()) // Some servers write "" for null.
        finish(index, finishReason(reason), events);
}

void EventDecoder::takeDelta(const Value &choice, int index, ChatEvents &events)
{
    Value delta = choice.find("delta");
    if (!delta.isObject())
        delta = choice.find("message");
    if (!delta.isObject()) {
        takeText(choice.find("text").string(), decodeCompletionLogprobs(choice.find("logprobs")), index,
                 events);
        return;
    }
    QByteArray reasoning = reasoningOf(delta);
    if (!reasoning.isEmpty())
        events.append(ReasoningDelta{.choice = index, .text = std::move(reasoning)});
    const Value content = delta.find("content");
    if (content.isArray())
        takeParts(content, index, events);
    else
        takeText(content.string(), decodeChatLogprobs(choice.find("logprobs").find("content")), index,
                 events);
    QByteArray refusal = delta.find("refusal").string();
    if (!refusal.isEmpty())
        events.append(RefusalDelta{.choice = index, .text = std::move(refusal)});
    takeToolCalls(delta, index, events);
}

void EventDecoder::takeToolCalls(const Value &delta, int index, ChatEvents &events)
{
    ToolCallTracker &tracker = choiceAt(index).toolCalls;
    for (const Value element : delta.find("tool_calls")) {
        if (std::optional<ToolCallDelta> call = tracker.take(element))
            events.append(*std::move(call));
    }
    const Value legacy = delta.find("function_call");
    if (legacy.isObject()) {
        if (std::optional<ToolCallDelta> call = tracker.takeLegacy(legacy))
            events.append(*std::move(call));
    }
}

void EventDecoder::finish(int index, FinishReason reason, ChatEvents &events)
{
    Choice &state = choiceAt(index);
    state.finished = true;
    // Several servers say "stop" after tool calls; clients look for "tool_calls" to run them.
    if (reason == FinishReason::Stop && state.toolCalls.hasCalls())
        reason = FinishReason::ToolCalls;
    events.append(ChoiceFinished{.choice = index, .reason = reason});
}

void EventDecoder::complete(ChatEvents &events)
{
    if (std::ranges::none_of(m_choices, &Choice::seen)) {
        fail(garbageError(QStringLiteral("the answer holds no choice")), events);
        return;
    }
    for (std::size_t i = 0; i < m_choices.size(); ++i) {
        if (m_choices[i].seen && !m_choices[i].finished)
            finish(static_cast<int>(i), FinishReason::Stop, events);
    }
    if (m_usage)
        events.append(UsageReported{*m_usage});
    events.append(AnswerCompleted{});
    m_over = true;
}

void EventDecoder::fail(Error error, ChatEvents &events)
{
    events.append(AnswerFailed{std::move(error)});
    m_over = true;
}

EventDecoder::Choice &EventDecoder::choiceAt(int index)
{
    while (m_choices.size() <= static_cast<std::size_t>(index))
        m_choices.push_back(
            {.toolCalls = ToolCallTracker(m_toolCallIdPrefix, static_cast<int>(m_choices.size()))});
    return m_choices[static_cast<std::size_t>(index)];
}

} // namespace gatehouse::openai

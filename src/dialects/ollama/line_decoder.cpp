// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/ollama/line_decoder.h"

#include "dialects/openai/logprobs.h"
#include "dialects/openai/tool_call_tracker.h"
#include "dialects/openai/upstream_error.h"

namespace gatehouse::ollama {

namespace {

using json::Value;

qint64 count(const Value &value)
{
    return qMax<qint64>(0, value.integer().value_or(0));
}

} // namespace

ChatEvents LineDecoder::feed(QByteArrayView line)
{
    ChatEvents events;
    line = line.trimmed();
    if (m_over || line.isEmpty())
        return events;
    if (m_document.parse(line) != json::Document::Status::Valid || !m_document.root().isObject())
        fail(openai::garbageError(QStringLiteral("a line is no JSON object")), events);
    else if (!m_document.root().find("error").isNull())
        fail(openai::findError(m_document.root())
                 .value_or(openai::garbageError(QStringLiteral("an error of no known shape"))),
             events);
    else
        takeLine(m_document.root(), events);
    return events;
}

ChatEvents LineDecoder::end()
{
    ChatEvents events;
    if (!m_over)
        fail(openai::cutError(), events);
    return events;
}

void LineDecoder::takeLine(const Value &line, ChatEvents &events)
{
    const Value message = line.find("message");
    const bool isChat = message.isObject();
    const bool isDone = line.find("done").isTrue();
    if (!isChat && !line.find("response").isString() && !isDone) {
        fail(openai::garbageError(QStringLiteral("a line is no part of an answer")), events);
        return;
    }
    if (!m_started) {
        m_started = true;
        events.append(AnswerStarted{.model = line.find("model").string()});
    }
    QByteArray thinking = (isChat ? message : line).find("thinking").string();
    if (!thinking.isEmpty())
        events.append(ReasoningDelta{.text = std::move(thinking)});
    QByteArray text = isChat ? message.find("content").string() : line.find("response").string();
    QList<TokenLogprob> logprobs = openai::decodeChatLogprobs(line.find("logprobs"));
    if (!text.isEmpty() || !logprobs.isEmpty())
        events.append(TextDelta{.text = std::move(text), .logprobs = std::move(logprobs)});
    takeToolCalls(message.find("tool_calls"), events);
    if (isDone && !m_over)
        complete(line, events);
}

/// Each call comes whole, its arguments as an object.
void LineDecoder::takeToolCalls(const Value &calls, ChatEvents &events)
{
    for (const Value call : calls) {
        if (static_cast<std::size_t>(m_toolCalls) == openai::ToolCallTracker::maxCalls) {
            fail(openai::garbageError(QStringLiteral("too many tool calls")), events);
            return;
        }
        const Value function = call.find("function");
        const QByteArray name = function.find("name").string();
        if (name.isEmpty())
            continue;
        QByteArray id = call.find("id").string();
        if (id.isEmpty())
            id = m_toolCallIdPrefix + "_0_" + QByteArray::number(m_toolCalls);
        QByteArray arguments = openai::argumentsText(function.find("arguments"));
        events.append(
            ToolCallDelta{.index = m_toolCalls++,
                          .id = std::move(id),
                          .name = name,
                          .arguments = arguments.isEmpty() ? QByteArray("{}") : std::move(arguments)});
    }
}

void LineDecoder::complete(const Value &line, ChatEvents &events)
{
    const QByteArray reason =
        line.find("done_reason").string(); // Missing from older servers, whose end is a stop.
    FinishReason finish = reason == "length" ? FinishReason::Length : FinishReason::Stop;
    if (finish == FinishReason::Stop && m_toolCalls > 0)
        finish = FinishReason::ToolCalls;
    events.append(ChoiceFinished{.reason = finish});
    const Value promptTokens = line.find("prompt_eval_count"); // Left out when the whole prompt was cached.
    const Value completionTokens = line.find("eval_count");
    if (completionTokens.exists() || promptTokens.exists())
        events.append(UsageReported{
            {.promptTokens = count(promptTokens), .completionTokens = count(completionTokens)}});
    events.append(AnswerCompleted{});
    m_over = true;
}

void LineDecoder::fail(Error error, ChatEvents &events)
{
    events.append(AnswerFailed{std::move(error)});
    m_over = true;
}

} // namespace gatehouse::ollama

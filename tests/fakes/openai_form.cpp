// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/openai_form.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <utility>

namespace gatehouse::fakes {

namespace {

/// A fixed date: the same request gets the same answer.
constexpr char Created[] = "1700000000";

QByteArray start(const QByteArray &id, const char *object, const QByteArray &model)
{
    return "{\"id\":\"" + id + "\",\"object\":\"" + object + "\",\"created\":" + Created +
           ",\"model\":" + quoted(model) + ',';
}

QByteArray toolArguments(int index)
{
    return "{\"city\":\"Town " + QByteArray::number(index) + "\"}";
}

QByteArray toolHead(int index, const QByteArray &arguments)
{
    const QByteArray number = QByteArray::number(index);
    return "\"id\":\"call_" + number + "\",\"type\":\"function\",\"function\":{\"name\":\"tool_" + number +
           "\",\"arguments\":" + quoted(arguments) + '}';
}

} // namespace

QByteArray quoted(const QByteArray &text)
{
    const bool isPlain = std::all_of(text.begin(), text.end(), [](char byte) {
        return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
    });
    if (isPlain) // And may be long.
        return '"' + text + '"';
    const QByteArray list = QJsonDocument(QJsonArray{QString::fromUtf8(text)}).toJson(QJsonDocument::Compact);
    return list.sliced(1, list.size() - 2);
}

OpenAiForm::OpenAiForm(const Behaviour &behaviour, OpenAiAsk ask, quint64 id)
    : m_behaviour(behaviour)
    , m_ask(std::move(ask))
{
    const QByteArray name = (m_ask.chat ? "chatcmpl-fake" : "cmpl-fake") + QByteArray::number(id);
    m_start = start(name, m_ask.chat ? "chat.completion.chunk" : "text_completion", m_ask.model);
    m_foldedStart = start(name, m_ask.chat ? "chat.completion" : "text_completion", m_ask.model);
    if (reportsUsage())
        m_usageNull = ",\"usage\":null";
}

bool OpenAiForm::reportsUsage() const
{
    return m_behaviour.usage == UsageReport::Always ||
           (m_behaviour.usage == UsageReport::AsAsked && m_ask.includeUsage);
}

QByteArray OpenAiForm::usage() const
{
    const int completion = m_behaviour.reasoningTokens +
                           (m_behaviour.toolCalls > 0 ? m_behaviour.toolCalls : m_behaviour.tokens);
    return "{\"prompt_tokens\":" + QByteArray::number(m_behaviour.promptTokens) +
           ",\"completion_tokens\":" + QByteArray::number(completion) +
           ",\"total_tokens\":" + QByteArray::number(m_behaviour.promptTokens + completion) + '}';
}

QByteArray OpenAiForm::chunk(const QByteArray &choice) const
{
    return m_start + "\"choices\":[{\"index\":0," + choice + "}]" + m_usageNull + '}';
}

QByteArray OpenAiForm::delta(const QByteArray &members) const
{
    return chunk("\"delta\":{" + members + "},\"finish_reason\":null");
}

QList<QByteArray> OpenAiForm::opening() const
{
    if (!m_ask.chat)
        return {};
    return {delta("\"role\":\"assistant\",\"content\":\"\"")};
}

QByteArray OpenAiForm::token(const QByteArray &text) const
{
    if (!m_ask.chat)
        return chunk("\"text\":\"" + text + "\",\"finish_reason\":null");
    return delta("\"content\":\"" + text + '"');
}

QByteArray OpenAiForm::reasoning(const QByteArray &text) const
{
    return delta("\"reasoning_content\":\"" + text + '"');
}

QList<QByteArray> OpenAiForm::toolCall(int index) const
{
    const QByteArray position = "{\"index\":" + QByteArray::number(index) + ',';
    const QByteArray arguments = toolArguments(index);
    const qsizetype half = arguments.size() / 2;
    const auto part = [&](const QByteArray &text) {
        return delta("\"tool_calls\":[" + position + "\"function\":{\"arguments\":" + quoted(text) + "}}]");
    };
    return {delta("\"tool_calls\":[" + position + toolHead(index, {}) + "}]"), part(arguments.first(half)),
            part(arguments.sliced(half))};
}

QList<QByteArray> OpenAiForm::closing() const
{
    const QByteArray reason = m_behaviour.toolCalls > 0 ? "tool_calls" : "stop";
    const QByteArray empty = m_ask.chat ? "\"delta\":{}" : "\"text\":\"\"";
    QList<QByteArray> events{chunk(empty + ",\"finish_reason\":\"" + reason + '"')};
    if (reportsUsage())
        events.append(m_start + "\"choices\":[],\"usage\":" + usage() + '}');
    return events;
}

QByteArray OpenAiForm::message() const
{
    QByteArray members = "\"role\":\"assistant\",\"content\":";
    members += m_behaviour.toolCalls > 0 ? QByteArray("null") : quoted(m_behaviour.text());
    if (m_behaviour.reasoningTokens > 0) {
        Behaviour thinking = m_behaviour;
        thinking.tokens = m_behaviour.reasoningTokens;
        members += ",\"reasoning_content\":" + quoted(thinking.text());
    }
    for (int index = 0; index < m_behaviour.toolCalls; ++index)
        members += (index == 0 ? ",\"tool_calls\":[{" : ",{") + toolHead(index, toolArguments(index)) + '}';
    if (m_behaviour.toolCalls > 0)
        members += ']';
    return '{' + members + '}';
}

QByteArray OpenAiForm::folded() const
{
    const QByteArray reason = m_behaviour.toolCalls > 0 ? "tool_calls" : "stop";
    const QByteArray content =
        m_ask.chat ? "\"message\":" + message() : "\"text\":" + quoted(m_behaviour.text());
    QByteArray json =
        m_foldedStart + "\"choices\":[{\"index\":0," + content + ",\"finish_reason\":\"" + reason + "\"}]";
    if (m_behaviour.usage != UsageReport::Never)
        json += ",\"usage\":" + usage();
    return json + '}';
}

QByteArray OpenAiForm::error(int status, const QByteArray &message) const
{
    return openAiError(status, message);
}

QByteArray openAiError(int status, const QByteArray &message, const QByteArray &code)
{
    const QByteArray type = status == 429  ? "rate_limit_error"
                            : status < 500 ? "invalid_request_error"
                                           : "server_error";
    return "{\"error\":{\"message\":" + quoted(message) + ",\"type\":\"" + type +
           "\",\"param\":null,\"code\":" +
           quoted(code.isEmpty() ? "fake_" + QByteArray::number(status) : code) + "}}";
}

QByteArray openAiModels(const QList<QByteArray> &models)
{
    QList<QByteArray> rows;
    for (const QByteArray &model : models)
        rows.append("{\"id\":" + quoted(model) + ",\"object\":\"model\",\"created\":" + Created +
                    ",\"owned_by\":\"fake\"}");
    return "{\"object\":\"list\",\"data\":[" + rows.join(',') + "]}";
}

float embeddingValue(int input, int index)
{
    return float(input + 1) / float(index + 2);
}

QByteArray openAiEmbeddings(const QByteArray &model, int inputs, int size, bool base64)
{
    QList<QByteArray> rows;
    for (int input = 0; input < inputs; ++input) {
        QByteArray raw;
        QList<QByteArray> numbers;
        for (int index = 0; index < size; ++index) {
            const float value = embeddingValue(input, index);
            raw.append(reinterpret_cast<const char *>(&value), sizeof value);
            numbers.append(QByteArray::number(double(value)));
        }
        const QByteArray vector = base64 ? '"' + raw.toBase64() + '"' : '[' + numbers.join(',') + ']';
        rows.append("{\"object\":\"embedding\",\"index\":" + QByteArray::number(input) +
                    ",\"embedding\":" + vector + '}');
    }
    return "{\"object\":\"list\",\"data\":[" + rows.join(',') + "],\"model\":" + quoted(model) +
           ",\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}";
}

} // namespace gatehouse::fakes

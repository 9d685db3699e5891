// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/ollama_form.h"

#include "fakes/openai_form.h"

namespace gatehouse::fakes {

namespace {

constexpr char CreatedAt[] = "2023-11-14T22:13:20.000000Z";

QByteArray toolCallJson(int index)
{
    const QByteArray number = QByteArray::number(index);
    return "{\"function\":{\"name\":\"tool_" + number + "\",\"arguments\":{\"city\":\"Town " + number +
           "\"}}}";
}

} // namespace

OllamaForm::OllamaForm(const Behaviour &behaviour, const QByteArray &model, Kind kind)
    : m_behaviour(behaviour)
    , m_start("{\"model\":" + quoted(model) + ",\"created_at\":\"" + CreatedAt + "\",")
    , m_kind(kind)
{}

QByteArray OllamaForm::content(const QByteArray &text, const QByteArray &thinking,
                               const QByteArray &toolCalls) const
{
    const QByteArray thoughts = thinking.isEmpty() ? QByteArray() : ",\"thinking\":\"" + thinking + '"';
    if (m_kind == Kind::Generate)
        return "\"response\":\"" + text + '"' + thoughts;
    const QByteArray calls = toolCalls.isEmpty() ? QByteArray() : ",\"tool_calls\":[" + toolCalls + ']';
    return "\"message\":{\"role\":\"assistant\",\"content\":\"" + text + '"' + thoughts + calls + '}';
}

QByteArray OllamaForm::token(const QByteArray &text) const
{
    return m_start + content(text) + ",\"done\":false}";
}

QByteArray OllamaForm::reasoning(const QByteArray &text) const
{
    return m_start + content({}, text) + ",\"done\":false}";
}

QList<QByteArray> OllamaForm::toolCall(int index) const
{
    return {m_start + content({}, {}, toolCallJson(index)) + ",\"done\":false}"};
}

QByteArray OllamaForm::statistics() const
{
    QByteArray json = ",\"done\":true,\"done_reason\":\"stop\"";
    if (m_behaviour.usage == UsageReport::Never)
        return json;
    const int evaluated = m_behaviour.reasoningTokens +
                          (m_behaviour.toolCalls > 0 ? m_behaviour.toolCalls : m_behaviour.tokens);
    return json + ",\"total_duration\":2000000,\"load_duration\":1000000,\"prompt_eval_count\":" +
           QByteArray::number(m_behaviour.promptTokens) +
           ",\"prompt_eval_duration\":500000,\"eval_count\":" + QByteArray::number(evaluated) +
           ",\"eval_duration\":500000";
}

QByteArray OllamaForm::done() const
{
    return frame(m_start + content({}) + statistics() + '}');
}

QByteArray OllamaForm::folded() const
{
    Behaviour thinking = m_behaviour;
    thinking.tokens = m_behaviour.reasoningTokens;
    QList<QByteArray> calls;
    for (int index = 0; index < m_behaviour.toolCalls; ++index)
        calls.append(toolCallJson(index));
    const QByteArray text = calls.isEmpty() ? m_behaviour.text() : QByteArray();
    return m_start + content(text, thinking.text(), calls.join(',')) + statistics() + '}';
}

QByteArray OllamaForm::error(int, const QByteArray &message) const
{
    return ollamaError(message);
}

QByteArray ollamaError(const QByteArray &message)
{
    return "{\"error\":" + quoted(message) + '}';
}

QByteArray ollamaTags(const QList<QByteArray> &models)
{
    QList<QByteArray> rows;
    for (const QByteArray &model : models)
        rows.append("{\"name\":" + quoted(model) + ",\"model\":" + quoted(model) + ",\"modified_at\":\"" +
                    CreatedAt + "\",\"size\":1000,\"digest\":\"fake\",\"details\":{\"format\":\"gguf\"}}");
    return "{\"models\":[" + rows.join(',') + "]}";
}

QByteArray ollamaEmbeddings(const QByteArray &model, int inputs, int size)
{
    QList<QByteArray> vectors;
    for (int input = 0; input < inputs; ++input) {
        QList<QByteArray> numbers;
        for (int index = 0; index < size; ++index)
            numbers.append(QByteArray::number(double(embeddingValue(input, index))));
        vectors.append('[' + numbers.join(',') + ']');
    }
    return "{\"model\":" + quoted(model) + ",\"embeddings\":[" + vectors.join(',') +
           "],\"total_duration\":2000000,\"load_duration\":1000000,\"prompt_eval_count\":7}";
}

} // namespace gatehouse::fakes

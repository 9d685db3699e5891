// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange/usage_estimate.h"

namespace gatehouse {

namespace {

/// English text has about four bytes a token in every tokenizer in common use.
constexpr qint64 bytesPerToken = 4;

qint64 tokensOf(qint64 bytes)
{
    return (bytes + bytesPerToken - 1) / bytesPerToken;
}

qint64 inputBytes(const ChatRequest &request)
{
    qint64 bytes = request.tools.size();
    if (const auto *conversation = std::get_if<Conversation>(&request.input)) {
        for (const Message &message : conversation->messages)
            bytes += plainText(message).size();
    } else if (const auto *prompt = std::get_if<Prompt>(&request.input)) {
        for (const QByteArray &text : prompt->texts)
            bytes += text.size();
    } else {
        const auto &input = std::get<EmbeddingInput>(request.input);
        bytes += input.tokens.count(',') * bytesPerToken;
        for (const QByteArray &text : input.texts)
            bytes += text.size();
    }
    return bytes;
}

} // namespace

UsageEstimate::UsageEstimate(const ChatRequest &request)
    : m_streamed(request.stream)
    , m_promptBytes(inputBytes(request))
{}

void UsageEstimate::observe(const ChatEvent &event)
{
    if (const auto *text = std::get_if<TextDelta>(&event))
        addDelta(text->text.size());
    else if (const auto *reasoning = std::get_if<ReasoningDelta>(&event))
        addDelta(reasoning->text.size());
    else if (const auto *refusal = std::get_if<RefusalDelta>(&event))
        addDelta(refusal->text.size());
    else if (const auto *call = std::get_if<ToolCallDelta>(&event))
        addDelta(call->name.size() + call->arguments.size());
}

Usage UsageEstimate::usage() const
{
    return {.promptTokens = tokensOf(m_promptBytes),
            .completionTokens = m_streamed ? m_deltas : tokensOf(m_answerBytes),
            .estimated = true};
}

void UsageEstimate::addDelta(qsizetype bytes)
{
    if (bytes == 0)
        return;
    ++m_deltas;
    m_answerBytes += bytes;
}

qint64 expectedAnswerTokens(const ChatRequest &request)
{
    constexpr qint64 usualAnswerTokens = 1024; // Few are longer.
    if (std::holds_alternative<EmbeddingInput>(request.input))
        return 0;
    const auto *prompt = std::get_if<Prompt>(&request.input);
    const qint64 answers = request.choices * (prompt ? prompt->texts.size() : 1);
    return request.maxTokens.value_or(usualAnswerTokens) * answers;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/chat_events.h"
#include "dialects/json/document.h"
#include "dialects/openai/tool_call_tracker.h"

#include <optional>
#include <vector>

namespace gatehouse::openai {

/// Reads one answer of an OpenAI-compatible upstream: chat.completion.chunk and text_completion payloads, or
/// one chat.completion or text_completion body. The upstream's whims end here (contract §1; OpenAI, vLLM,
/// llama-server, OpenRouter, Ollama, DeepSeek, Mistral): events come out in the order that ChatEvent
/// promises, and a failure of any kind is AnswerFailed, after which nothing follows. One object an answer,
/// one thread.
class EventDecoder
{
public:
    /// The prefix, unique for the answer, begins the ids of tool calls that came without one. `choices` is
    /// how many were asked for, of all prompts together: without `[DONE]` an end is only an end once all are
    /// finished.
    explicit EventDecoder(QByteArray toolCallIdPrefix, int choices = 1)
        : m_toolCallIdPrefix(std::move(toolCallIdPrefix))
        , m_expectedChoices(static_cast<std::size_t>(qMax(1, choices)))
    {}

    /// Takes the data of one SSE event: a chunk, an error or `[DONE]`.
    [[nodiscard]] ChatEvents feed(QByteArrayView payload);

    /// Takes an answer in one piece.
    [[nodiscard]] ChatEvents feedAnswer(QByteArrayView body);

    /// The stream ended. Completes an answer of which only `[DONE]` is missing; fails one that was cut.
    [[nodiscard]] ChatEvents end();

    /// AnswerCompleted or AnswerFailed was told.
    [[nodiscard]] bool isOver() const { return m_over; }

private:
    struct Choice
    {
        ToolCallTracker toolCalls;
        bool seen = false;
        bool finished = false;
    };

    void takePayload(const json::Value &payload, ChatEvents &events);
    void takeChoice(const json::Value &choice, qint64 position, ChatEvents &events);
    void takeDelta(const json::Value &choice, int index, ChatEvents &events);
    void takeToolCalls(const json::Value &delta, int index, ChatEvents &events);
    void finish(int index, FinishReason reason, ChatEvents &events);
    void complete(ChatEvents &events);
    void fail(Error error, ChatEvents &events);
    Choice &choiceAt(int index);

    QByteArray m_toolCallIdPrefix;
    std::size_t m_expectedChoices;
    json::Document m_document;
    std::vector<Choice> m_choices;
    std::optional<Usage> m_usage; ///< The latest: some servers tell running totals.
    bool m_started = false;
    bool m_over = false;
};

} // namespace gatehouse::openai

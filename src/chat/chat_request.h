// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/message.h"

#include <variant>

namespace gatehouse {

/// How the next token is picked. Unset: the model's or the upstream's own default. Ranges were checked by the
/// dialect that decoded them.
struct Sampling
{
    std::optional<double> temperature = {};      ///< 0 … 2; 0 is greedy.
    std::optional<double> topP = {};             ///< 0 … 1.
    std::optional<int> topK = {};                ///< ≥ −1; 0 and −1: off.
    std::optional<double> minP = {};             ///< 0 … 1.
    std::optional<double> presencePenalty = {};  ///< −2 … 2.
    std::optional<double> frequencyPenalty = {}; ///< −2 … 2.
    std::optional<double> repeatPenalty = {};    ///< > 0; 1: off.
    std::optional<qint64> seed = {};
    friend bool operator==(const Sampling &, const Sampling &) = default;
};

/// A conversation for the model's chat template.
struct Conversation
{
    QList<Message> messages;
    friend bool operator==(const Conversation &, const Conversation &) = default;
};

/// Raw text to go on from, without a chat template.
struct Prompt
{
    QList<QByteArray> texts; ///< At least one; each is answered by its own choices.
    bool echo = false;       ///< The answer repeats the prompt first.
    friend bool operator==(const Prompt &, const Prompt &) = default;
};

/// Texts whose meaning is wanted as vectors, not answered. Either `texts` or `tokens`.
struct EmbeddingInput
{
    QList<QByteArray> texts = {}; ///< Each gives one vector.
    /// The caller's own token numbers: a JSON array of numbers, or of such arrays, as it came. Only a model
    /// of the vocabulary that the caller had in mind can read them.
    QByteArray tokens = {};
    std::optional<int> dimensions = {}; ///< ≥ 1; unset: the model's own.
    /// The caller wants bytes in base64. An upstream that can spell vectors so may do it, too: reading them
    /// takes a tenth of the time.
    bool wantsBytes = false;
    friend bool operator==(const EmbeddingInput &, const EmbeddingInput &) = default;
};

/// What one caller asks of one model, whatever dialect it came in. A value: copied between threads freely.
struct ChatRequest
{
    QByteArray model = {};    ///< Empty: the default model.
    QByteArray routeKey = {}; ///< The route that the caller named, else empty.
    std::variant<Conversation, Prompt, EmbeddingInput> input = {};
    Sampling sampling = {};
    QList<QByteArray> stop = {};
    std::optional<qint64> maxTokens = {}; ///< ≥ 1.
    /// The caller said that maxTokens counts the model's thinking too (`max_completion_tokens`). Everything
    /// here counts it anyway; it goes on in the caller's own spelling.
    bool maxTokensCoverReasoning = false;
    int choices = 1;
    std::optional<int> topLogprobs =
        {};                     ///< Set: log probabilities are wanted, with so many alternatives (0 … 20).
    QByteArray tools = {};      ///< JSON array as it came; empty: none.
    QByteArray toolChoice = {}; ///< JSON value as it came.
    QByteArray responseFormat = {}; ///< JSON object as it came.
    bool stream = false;            ///< The caller wants deltas as they are made.
    bool includeUsage = false;      ///< The caller wants usage at the end of the stream.
    OpaqueFields extensions = {};   ///< Everything else, in the order it came.

    [[nodiscard]] bool isConversation() const { return std::holds_alternative<Conversation>(input); }
    friend bool operator==(const ChatRequest &, const ChatRequest &) = default;
};

} // namespace gatehouse

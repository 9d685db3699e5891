// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <QByteArray>
#include <QList>

#include <optional>
#include <variant>

namespace gatehouse {

/// Tokens of one answer. `estimated` marks figures that Gatehouse counted itself because the upstream did
/// not.
struct Usage
{
    qint64 promptTokens = 0;
    qint64 completionTokens = 0;
    qint64 cachedTokens = 0;    ///< The part of promptTokens that needed no computing.
    qint64 reasoningTokens = 0; ///< The part of completionTokens that the answer's text does not show.
    bool estimated = false;

    [[nodiscard]] qint64 totalTokens() const { return promptTokens + completionTokens; }
    friend bool operator==(const Usage &, const Usage &) = default;
};

enum class FinishReason { Stop, Length, ToolCalls, ContentFilter, Cancelled, Error };

/// One token and how likely it was (natural logarithm), with the likeliest alternatives.
struct TokenLogprob
{
    struct Alternative
    {
        QByteArray token;
        double logprob = 0;
        friend bool operator==(const Alternative &, const Alternative &) = default;
    };
    QByteArray token;
    double logprob = 0;
    QList<Alternative> top = {};
    friend bool operator==(const TokenLogprob &, const TokenLogprob &) = default;
};

/// The answer begins: the backend has accepted the request. `model` is the name that the backend answers
/// under.
struct AnswerStarted
{
    QByteArray model;
    QByteArray fingerprint = {}; ///< The upstream's `system_fingerprint`, if any.
};

/// More text of one choice, valid UTF-8 by itself: no code point is ever split.
struct TextDelta
{
    int choice = 0;
    QByteArray text;
    QList<TokenLogprob> logprobs = {};
};

/// More of the model's thinking aloud, which is not part of the answer.
struct ReasoningDelta
{
    int choice = 0;
    QByteArray text;
};

/// More of a refusal's text.
struct RefusalDelta
{
    int choice = 0;
    QByteArray text;
};

/// A tool call begins (`id` and `name` are set) or goes on (only `arguments`).
struct ToolCallDelta
{
    int choice = 0;
    int index = 0; ///< Which call of this choice.
    QByteArray id = {};
    QByteArray name = {};
    QByteArray arguments = {};
};

/// The vector of one text of an EmbeddingInput.
struct EmbeddingComputed
{
    int index = 0; ///< Which text.
    QList<float> values = {};
};

/// One choice is complete.
struct ChoiceFinished
{
    int choice = 0;
    FinishReason reason = FinishReason::Stop;
};

/// The figures, at most once, before the end.
struct UsageReported
{
    Usage usage;
};

/// The end: everything arrived. No event follows.
struct AnswerCompleted
{};

/// The end: the answer broke off, or never began. No event follows.
struct AnswerFailed
{
    Error error;
};

/// One step of an answer. Order: AnswerStarted, deltas or vectors and ChoiceFinished, UsageReported?,
/// AnswerCompleted; or AnswerFailed at any point.
using ChatEvent =
    std::variant<AnswerStarted, TextDelta, ReasoningDelta, RefusalDelta, ToolCallDelta, EmbeddingComputed,
                 ChoiceFinished, UsageReported, AnswerCompleted, AnswerFailed>;

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_stream.h"

#include <QHash>
#include <QMap>

#include <functional>
#include <optional>

namespace gatehouse {

/// Reads an answer to its end and keeps what came.
class AnswerReader
{
public:
    explicit AnswerReader(ChatStreamPtr opened)
        : stream(std::move(opened))
    {
        QObject::connect(stream.get(), &ChatStream::event, stream.get(),
                         [this](const ChatEvent &event) { take(event); });
    }
    Q_DISABLE_COPY_MOVE(AnswerReader)

    [[nodiscard]] bool isDone() const { return isCompleted || error.has_value(); }

    ChatStreamPtr stream;
    QList<ChatEvent> events;
    QMap<int, QByteArray> texts;             ///< By choice.
    QMap<int, FinishReason> reasons;         ///< By choice.
    QMap<int, QList<TokenLogprob>> logprobs; ///< By choice.
    QMap<int, QList<float>> vectors;         ///< By text.
    QByteArray reasoning;
    struct Call
    {
        QByteArray id;
        QByteArray name;
        QByteArray arguments;
    };
    QMap<int, Call> calls;
    int textDeltas = 0;
    bool isStarted = false;
    bool isCompleted = false;
    std::optional<Usage> usage;
    std::optional<Error> error;
    std::function<void()> onText = [] {
    };
    std::function<void()> onVector = [] {
    };

private:
    void take(const ChatEvent &event)
    {
        events.append(event);
        if (const auto *text = std::get_if<TextDelta>(&event)) {
            texts[text->choice] += text->text;
            logprobs[text->choice] += text->logprobs;
            ++textDeltas;
            onText();
        } else if (const auto *vector = std::get_if<EmbeddingComputed>(&event)) {
            vectors[vector->index] = vector->values;
            onVector();
        } else if (const auto *thought = std::get_if<ReasoningDelta>(&event)) {
            reasoning += thought->text;
        } else if (const auto *call = std::get_if<ToolCallDelta>(&event)) {
            calls[call->index].id += call->id;
            calls[call->index].name += call->name;
            calls[call->index].arguments += call->arguments;
        } else if (const auto *finished = std::get_if<ChoiceFinished>(&event)) {
            reasons[finished->choice] = finished->reason;
        } else if (const auto *reported = std::get_if<UsageReported>(&event)) {
            usage = reported->usage;
        } else if (const auto *failed = std::get_if<AnswerFailed>(&event)) {
            error = failed->error;
        }
        isStarted |= std::holds_alternative<AnswerStarted>(event);
        isCompleted |= std::holds_alternative<AnswerCompleted>(event);
    }
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/answer_encoder.h"
#include "dialects/openai/answer_fold.h"
#include "dialects/openai/answer_head.h"

#include <vector>

namespace gatehouse::openai {

/// Turns the events of one answer into what goes to the caller (contract §1): a stream's SSE bytes as the
/// events come, or, for an answer in one piece, the JSON body with the last event. One object an answer, one
/// thread.
class AnswerEncoder final : public gatehouse::AnswerEncoder
{
public:
    explicit AnswerEncoder(AnswerHead head);

    /// \returns what is to be sent for the event, or nothing. For AnswerFailed: a stream's error event, after
    /// which the stream ends without `[DONE]`; else the error body, whose HTTP status is the caller's
    /// business.
    [[nodiscard]] QByteArray encode(const ChatEvent &event) override;

private:
    /// What must be known of a choice to go on with its stream.
    struct ChoiceState
    {
        bool roleSent = false;
        qsizetype characters = 0; ///< Of the tokens whose log probabilities were sent.
    };

    [[nodiscard]] QByteArray encodeChunk(const AnswerStarted &started);
    [[nodiscard]] QByteArray encodeChunk(const TextDelta &delta);
    [[nodiscard]] QByteArray encodeChunk(const ReasoningDelta &delta);
    [[nodiscard]] QByteArray encodeChunk(const RefusalDelta &delta);
    [[nodiscard]] QByteArray encodeChunk(const ToolCallDelta &delta);
    [[nodiscard]] QByteArray encodeChunk(const EmbeddingComputed &) { return {}; } ///< EmbeddingsEncoder's.
    [[nodiscard]] QByteArray encodeChunk(const ChoiceFinished &finished);
    [[nodiscard]] QByteArray encodeChunk(const UsageReported &reported);
    [[nodiscard]] QByteArray encodeChunk(const AnswerCompleted &completed);
    [[nodiscard]] QByteArray encodeChunk(const AnswerFailed &failed);

    [[nodiscard]] QByteArray fold(const ChatEvent &event);
    void renderPrefix();
    void beginChunk(QByteArray &out, int choice);
    void endChunk(QByteArray &out, QByteArrayView finishReason = {}) const;
    void sendRole(QByteArray &out, int choice, QByteArrayView content);
    template <typename Delta>
    [[nodiscard]] QByteArray textField(const Delta &delta, QByteArrayView field, QByteArrayView content);
    ChoiceState &stateAt(int choice);

    AnswerHead m_head;
    AnswerFold m_fold;
    QByteArray m_prefix; ///< A chunk's bytes up to the first choice, the same in all of them.
    std::optional<Usage> m_usage;
    std::vector<ChoiceState> m_choices;
    bool m_over = false;
};

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "dialects/answer_encoder.h"
#include "dialects/chat_events.h"
#include "dialects/openai/vector_body.h"

namespace gatehouse::openai {

struct EmbeddingsBody
{
    ChatRequest request; ///< Its input is an EmbeddingInput.
    VectorFormat format = VectorFormat::Float;
};

inline constexpr qsizetype maxEmbeddingInputs = 2048; ///< As OpenAI has it.

/// Reads the body of POST /v1/embeddings and /api/embeddings (OpenAI API reference, "Create embeddings"):
/// `input` is a text, a list of texts, or token numbers; `modelKey` as everywhere; unknown fields go on.
/// Errors: InvalidRequest, `param` names the field.
[[nodiscard]] Result<EmbeddingsBody> decodeEmbeddingsRequest(QByteArrayView body);

/// How many vectors answer the input.
[[nodiscard]] qsizetype vectorCount(const EmbeddingInput &input);

/// The body for an OpenAI-compatible upstream, which is asked for vectors as the caller wants them.
[[nodiscard]] QByteArray encodeEmbeddingsRequest(const ChatRequest &request, QByteArrayView model);

/// What an OpenAI-compatible upstream answered, as events up to the end; vectors spelled either way. `inputs`
/// is how many were asked for: an answer that holds another number of them, or one of them twice, is
/// AnswerFailed.
[[nodiscard]] ChatEvents decodeEmbeddings(QByteArrayView body, qsizetype inputs);

/// `{"object":"list","data":[{"object":"embedding","index","embedding"}],"model","usage":{"prompt_tokens",
/// "total_tokens"}}` with AnswerCompleted, the vectors in the order of their texts, the model's name as the
/// backend has it; nothing for any other event, AnswerFailed included.
class EmbeddingsEncoder final : public gatehouse::AnswerEncoder
{
public:
    explicit EmbeddingsEncoder(VectorFormat format)
        : m_format(format)
    {}

    [[nodiscard]] QByteArray encode(const ChatEvent &event) override;

private:
    [[nodiscard]] QByteArray body();

    VectorFormat m_format;
    QByteArray m_model;
    QList<EmbeddingComputed> m_vectors;
    Usage m_usage;
};

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "dialects/chat_events.h"

namespace gatehouse::ollama {

/// The body of POST /api/embed (Ollama API reference, "Generate Embeddings"). Ollama takes no token numbers.
/// Errors: InvalidRequest, `param` `input`.
[[nodiscard]] Result<QByteArray>
encodeEmbeddingsRequest(const EmbeddingInput &input, const OpaqueFields &extensions, QByteArrayView model);

/// Its answer, `{"model","embeddings":[[…],…],"prompt_eval_count"}`, as events up to the end; AnswerFailed
/// unless it holds exactly `inputs` vectors.
[[nodiscard]] ChatEvents decodeEmbeddings(QByteArrayView body, qsizetype inputs);

} // namespace gatehouse::ollama

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_backend.h"
#include "dialects/json/writer.h"

#include <QList>

namespace gatehouse::openai {

/// The answer of GET /v1/models and of GET /v1/models/{id}. An owner that nobody told is `unknown`, since
/// OpenAI's clients read the member as a string. `context_length` (OpenRouter's name) and, of a
/// model in this process, `status` and `progress` are there where they are known.
[[nodiscard]] QByteArray encodeModelList(const QList<ModelInfo> &models);
[[nodiscard]] QByteArray encodeModel(const ModelInfo &model);

/// The members of one model, for an object that the caller has begun and may go on with.
void writeModelMembers(json::Writer &writer, const ModelInfo &model);

/// Reads an upstream's GET /v1/models. The length of the context is read from where vLLM (`max_model_len`),
/// llama-server (`meta.n_ctx`, `meta.n_ctx_train`), OpenRouter, Groq and Mistral put it. Entries without an
/// id are skipped. \returns the models, or UpstreamFailed if the body is no such list.
[[nodiscard]] Result<QList<ModelInfo>> decodeModelList(QByteArrayView body);

} // namespace gatehouse::openai

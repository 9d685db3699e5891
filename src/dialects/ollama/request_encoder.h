// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"

namespace gatehouse::ollama {

/// The path below an Ollama server's root that answers the request: `api/chat`, or `api/generate` for a
/// prompt.
[[nodiscard]] QByteArray requestPath(const ChatRequest &request);

/// The body for Ollama (docs/api.md). `model` is the name that the server knows. Samplers become `options`,
/// on which the caller's own `options` are merged; images of `data:` URLs become `images`; `reasoning_effort`
/// becomes `think`. Other extensions (`keep_alive`, `think`, …) go on as they came.
/// \returns the body, or InvalidRequest for what Ollama has no form for: several choices or prompts, echo,
/// parts that are neither text nor an image in the request, and tool calls whose arguments are no object.
[[nodiscard]] Result<QByteArray> encodeRequest(const ChatRequest &request, QByteArrayView model);

} // namespace gatehouse::ollama

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"

namespace gatehouse::openai {

/// The path below an upstream's base URL (`…/v1/`) that answers the request.
[[nodiscard]] QByteArray requestPath(const ChatRequest &request);

/// The body for an OpenAI-compatible upstream. `model` is the name that the upstream knows. A streamed answer
/// is always asked for its usage, because Gatehouse accounts by it. Extensions go on as they came.
[[nodiscard]] QByteArray encodeRequest(const ChatRequest &request, QByteArrayView model);

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"

namespace gatehouse::native {

/// Which of the predecessors' two forms a body of POST /api/chat has, and so how it wants to be answered.
enum class ChatForm {
    Messages, ///< `messages` (A, C): answered in this dialect.
    Message,  ///< `message` (D): answered in OpenAI's.
};

/// What a body under /api asks for.
struct ChatBody
{
    ChatRequest request;
    ChatForm form = ChatForm::Messages;
    QByteArray sessionId = {}; ///< `session_id` as it came, at most 256 bytes; empty: none.
};

/// Reads the body of POST /api/chat and /api/chat/stream (contract §1). `messages` and everything beside it
/// is read as openai::decodeChatRequest() reads it (`stream`, `temperature`, `max_tokens`, `modelKey`, …;
/// unknown fields go on); `message` becomes a conversation of one turn. `system` goes before either.
///
/// A's clients put sampling into `params`, Ollama's into `options`. Members of both count like members of the
/// body where that says nothing itself, `params` before `options`; `num_predict` is the limit of tokens.
/// Members of `params` that nobody here knows go on as the body's own, those of `options` stay in `options`.
///
/// Errors: InvalidRequest, whose `param` names the field, for both or neither of `message` and `messages`,
/// and as openai::decodeChatRequest().
[[nodiscard]] Result<ChatBody> decodeChatBody(QByteArrayView body);

} // namespace gatehouse::native

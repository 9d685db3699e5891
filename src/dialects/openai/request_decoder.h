// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "dialects/openai/field_reader.h"

namespace gatehouse::openai {

inline constexpr int maxChoices = 16;
inline constexpr qsizetype maxStops = 16;
inline constexpr qsizetype maxStopBytes =
    1024; ///< Of one stop string: so much text may have to be held back.
inline constexpr qsizetype maxTools = 1024;
inline constexpr qsizetype maxPrompts = 128; ///< Of one completion request.

/// Reads the body of POST /v1/chat/completions (OpenAI API reference, "Create chat completion"). Beyond it,
/// servers' common samplers (`top_k`, `min_p`, `repeat_penalty`) and Gatehouse's own `modelKey` are
/// understood. Whatever else came is kept in the extensions. Of a name that comes twice the last one counts;
/// of `max_tokens` and `max_completion_tokens` the latter. Stop strings may be up to 16 as other servers have
/// it, and empty ones are ignored.
/// \returns the request, or InvalidRequest whose `param` names the field.
[[nodiscard]] Result<ChatRequest> decodeChatRequest(QByteArrayView body);

/// What decodeChatRequest() does with a body's members, for dialects that have the same ones elsewhere too.
/// \returns a request whose conversation is empty if `messages` is not among them, or InvalidRequest.
[[nodiscard]] Result<ChatRequest> decodeChatMembers(const Members &members);
/// Whether decodeChatMembers() reads members of that name; others become extensions.
[[nodiscard]] bool isChatMember(const QByteArray &name);

/// Reads the body of POST /v1/completions (OpenAI API reference, "Create completion"). Prompts must be text:
/// token numbers mean nothing to a model that the gateway picks.
[[nodiscard]] Result<ChatRequest> decodeCompletionRequest(QByteArrayView body);

} // namespace gatehouse::openai

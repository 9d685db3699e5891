// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "dialects/json/value.h"
#include "dialects/json/writer.h"

namespace gatehouse::openai {

// Log probabilities in OpenAI's two spellings. A log probability that JSON gives as null (the first token of
// an echoed prompt has none) is NaN in the value. A token is its bytes: it may be part of a character.

/// Reads the `content` array of a chat choice's `logprobs`, which is also what Ollama sends.
[[nodiscard]] QList<TokenLogprob> decodeChatLogprobs(const json::Value &tokens);
/// Reads a completion choice's `logprobs` object: `tokens`, `token_logprobs`, `top_logprobs`.
[[nodiscard]] QList<TokenLogprob> decodeCompletionLogprobs(const json::Value &logprobs);

/// Writes `{"content": […], "refusal": null}`, or null if there are none.
void writeChatLogprobs(json::Writer &writer, const QList<TokenLogprob> &tokens);
/// Writes the completion object, or null if there are none. `textOffset` is where the first token begins in
/// the choice's text, in characters.
void writeCompletionLogprobs(json::Writer &writer, const QList<TokenLogprob> &tokens, qsizetype textOffset);

/// Characters (code points) of all tokens together.
[[nodiscard]] qsizetype characterCount(const QList<TokenLogprob> &tokens);

} // namespace gatehouse::openai

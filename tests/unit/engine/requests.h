// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"

namespace gatehouse {

/// Milliseconds after which something has failed for good: sanitizers and busy machines are slow.
inline constexpr int patience = 60'000;

/// What a sanitizer costs: bounds of time hold for a program without one.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 10;
#else
inline constexpr int slowness = 1;
#endif

/// A greedy conversation of one message.
inline ChatRequest ask(const QByteArray &text, int maxTokens = 16)
{
    ChatRequest request;
    request.input = Conversation{{textMessage(Role::User, text)}};
    request.sampling.temperature = 0;
    request.maxTokens = maxTokens;
    return request;
}

/// A greedy raw prompt.
inline ChatRequest goOn(const QByteArray &text, int maxTokens = 16)
{
    ChatRequest request = ask({}, maxTokens);
    request.input = Prompt{.texts = {text}};
    return request;
}

inline ChatRequest embed(const QList<QByteArray> &texts)
{
    ChatRequest request;
    request.input = EmbeddingInput{.texts = texts};
    return request;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"
#include "exchange/response_cache.h"

namespace gatehouse {

class Call;
class LaneContext;

/// Whether a request is one that the response cache answers (contract §6, B): a chat in one piece at
/// temperature 0, or whose caller says `X-Cache: allow`. `X-Cache: bypass` and `Cache-Control: no-cache` ask
/// past it.
[[nodiscard]] bool isCacheable(const Call &call, const LaneContext &context, const ChatRequest &request);

/// All that an answer depends on: who asks, in which spelling, and what.
[[nodiscard]] QByteArray cacheName(const Call &call, QByteArrayView spelling, const ChatRequest &request);

/// Gives an answer again. It counts as a request to the model that used no tokens.
void replyCached(Call &call, const CachedAnswer &answer);

} // namespace gatehouse

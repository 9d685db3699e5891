// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "engine/llama/model.h"

#include <span>

namespace gatehouse {

/// How likely the model itself found `token`, and its `alternatives` likeliest tokens: before temperature and
/// any other sampling, as OpenAI gives them.
[[nodiscard]] TokenLogprob tokenLogprob(const Model &model, std::span<const float> logits, Token token,
                                        int alternatives);

} // namespace gatehouse

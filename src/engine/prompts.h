// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"
#include "engine/llama/chat_template.h"
#include "engine/llama/model.h"

namespace gatehouse {

/// One text to go on from, ready for the model.
struct PreparedPrompt
{
    QByteArray text;
    Tokens tokens;
    OutputRules rules;
};

/// What the request wants answered: one prompt of a conversation, or each text of a raw prompt. Fails with
/// InvalidRequest on what the model can't read or what does not fit into `contextLength` tokens.
[[nodiscard]] Result<QList<PreparedPrompt>> preparePrompts(const ChatRequest &request, const Model &model,
                                                           const ChatTemplate &chatTemplate,
                                                           int contextLength);

} // namespace gatehouse

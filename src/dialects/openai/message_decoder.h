// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/message.h"
#include "dialects/json/value.h"

namespace gatehouse::openai {

inline constexpr qsizetype maxMessages = 16384;
inline constexpr qsizetype maxParts = 4096;    ///< Of one message.
inline constexpr qsizetype maxToolCalls = 128; ///< Of one message.

/// Reads the `messages` array of a chat request (OpenAI API reference, "Create chat completion"). Members of
/// a message that are not known here are kept in its extensions.
[[nodiscard]] Result<QList<Message>> decodeMessages(const json::Value &messages, const QByteArray &param);

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/message.h"
#include "dialects/json/writer.h"

namespace gatehouse::ollama {

/// Writes the `messages` array of /api/chat. A tool's answer gets the name of the function that it answers,
/// by which Ollama's templates tell it, from the call with its id.
[[nodiscard]] Result<void> writeMessages(json::Writer &writer, const QList<Message> &messages);

} // namespace gatehouse::ollama

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"
#include "dialects/json/value.h"
#include "dialects/json/writer.h"

#include <optional>

namespace gatehouse::openai {

/// Reads a `usage` object (OpenAI API reference, "CompletionUsage"); nothing if it is none. Figures that are
/// missing or below zero count as 0.
[[nodiscard]] std::optional<Usage> decodeUsage(const json::Value &usage);

/// Writes the object, with both `…_details`.
void writeUsage(json::Writer &writer, const Usage &usage);

} // namespace gatehouse::openai

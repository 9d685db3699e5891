// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/native/request_decoder.h"
#include "dialects/openai/field_reader.h"

namespace gatehouse::native {

/// What decodeChatBody() does with a body's members, for messages that carry the same ones. `path` names the
/// object that they came from; empty: the outermost.
[[nodiscard]] Result<ChatBody> decodeChatMembers(openai::Members members, const QByteArray &path);

/// The value of a member, or none where it is missing or null.
[[nodiscard]] json::Value valueOf(const openai::Members &members, QByteArrayView name);

} // namespace gatehouse::native

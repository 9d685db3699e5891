// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/json/writer.h"
#include "dialects/native/socket_messages.h"
#include "dialects/openai/field_reader.h"

namespace gatehouse::native {

/// What every WebSocket understands of a message before it looks for a chat.
struct SocketEnvelope
{
    QByteArray type;         ///< `chat` where the message has none.
    openai::Members members; ///< Without the type. They live as long as the document.
};

[[nodiscard]] Result<SocketEnvelope> openEnvelope(json::Document &document, QByteArrayView text);

[[nodiscard]] Error unknownType();

/// The member `retry_after` in seconds, where the error has it: a WebSocket has no header for it.
void writeRetryAfter(json::Writer &writer, const Error &error);

} // namespace gatehouse::native

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/message.h"

namespace gatehouse::openai {

/// One message alone, as it stands in the `messages` of a chat request.
[[nodiscard]] QByteArray encodeMessage(const Message &message);

/// Errors: InvalidRequest.
[[nodiscard]] Result<Message> decodeMessage(QByteArrayView json);

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"

namespace gatehouse {

/// Of one conversation all requests have the same affinity, so that they can stay with one upstream, whose
/// prefix cache then holds what was said before: the hash of `conversation`, its name; where that is empty,
/// of the beginning of what is asked (instructions and the user's first words; at most a KiB of each). Never
/// 0, but for embeddings, which have no prefix.
[[nodiscard]] quint64 affinityOf(const ChatRequest &request, const QByteArray &conversation);

} // namespace gatehouse

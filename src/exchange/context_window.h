// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_request.h"

namespace gatehouse {

/// What was said before in the session that a request goes on with.
struct History
{
    QList<Message> messages = {}; ///< Oldest first.
    qint64 assumedWindow = 4096;  ///< Tokens, where the model's own window is not known.
};

/// How many tokens of history a model with a window of so many has room for, beside the request itself and
/// its answer (as long as the request allows, at most half of the window; a quarter where it sets no bound).
/// Never negative.
[[nodiscard]] qint64 roomForHistory(const ChatRequest &request, qint64 window);

/// The conversation to send: the system message, the newest turns of the history that fit into `room` tokens,
/// and the request's own messages. A turn is what a user said and all that followed until the user's next
/// word; turns are left out whole, the oldest first, and those that got no answer always, because many
/// models' templates refuse two words of a user's in a row. The request's own system message stands for the
/// history's newest one. Tokens are counted high, at three bytes each.
[[nodiscard]] QList<Message> withHistory(const QList<Message> &history, const QList<Message> &messages,
                                         qint64 room);

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"

namespace gatehouse {

/// Turns the events of one answer into what goes to the caller, in the dialect that the caller speaks. One
/// object an answer, one thread. For a stream: the bytes of each event, ready to be sent (often none). For an
/// answer in one piece: nothing but the whole body, with AnswerCompleted.
class AnswerEncoder
{
public:
    virtual ~AnswerEncoder() = default;

    /// \returns what is to be sent for the event, or nothing. For AnswerFailed: what tells a reader of a
    /// stream that has begun; before that the failure is answered by the caller of encode(). Nothing follows
    /// AnswerCompleted and AnswerFailed.
    [[nodiscard]] virtual QByteArray encode(const ChatEvent &event) = 0;
};

} // namespace gatehouse

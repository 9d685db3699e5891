// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialects/chat_events.h"

#include <optional>

namespace gatehouse {

/// Reads the body of one answer in one upstream's dialect: append what came, then take events until there are
/// none. One object an answer, one thread.
class AnswerReader
{
public:
    virtual ~AnswerReader() = default;

    /// Called once, before anything else.
    virtual void begin(const QByteArray &contentType) = 0;
    virtual void append(const QByteArray &bytes) = 0;

    /// What the next complete piece means, be it nothing; unset until more bytes come.
    [[nodiscard]] virtual std::optional<ChatEvents> next() = 0;

    /// The body has ended. If neither AnswerCompleted nor AnswerFailed was told before, one is told now.
    [[nodiscard]] virtual ChatEvents end() = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"

#include <QByteArray>

namespace gatehouse::openai {

enum class AnswerKind { Chat, Completion };

/// What is the same in all parts of one answer.
struct AnswerHead
{
    QByteArray id = {};
    qint64 created = 0;    ///< Seconds since 1970, UTC.
    QByteArray model = {}; ///< Empty: the name that the backend answers under.
    AnswerKind kind = AnswerKind::Chat;
    bool stream = false;
    bool includeUsage = false; ///< Of a stream. An answer in one piece always tells it.
    QByteArray fingerprint = {};
};

/// OpenAI's word; `cancelled` and `error`, which it lacks, are as other gateways say it.
[[nodiscard]] QByteArrayView finishReasonName(FinishReason reason);

} // namespace gatehouse::openai

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QString>

#include <optional>

namespace gatehouse {

/// A conversation that is kept. A value.
struct SessionRecord
{
    QByteArray id;    ///< The caller's own name for it, or a UUID; unique for one owner, not beyond.
    QByteArray owner; ///< Whose it is: a key's or user's id (Caller::keyId), or who stands for one.
    QString title;    ///< The first message's beginning until somebody names it.
    WallTime createdAt{};
    WallTime updatedAt{}; ///< Of the newest message, or of its renaming.
    qint64 messages = 0;
    friend bool operator==(const SessionRecord &, const SessionRecord &) = default;
};

/// One message of a conversation as it is kept. A value.
struct MessageRecord
{
    qint64 number = 0; ///< Rises with each message stored; 0: not stored yet.
    QByteArray role;   ///< `system`, `user`, `assistant` or `tool`.
    QByteArray text;   ///< UTF-8; what can be searched.
    /// The whole message in the JSON of OpenAI's dialect where text alone doesn't tell it (images, tool
    /// calls); else empty.
    QByteArray json = {};
    QByteArray model = {}; ///< Of an answer.
    QByteArray finishReason =
        {}; ///< Of an answer: OpenAI's words, and `cancelled` or `error` for one that broke off.
    qint64 promptTokens = 0; ///< Of an answer.
    qint64 completionTokens = 0;
    QByteArray requestId = {}; ///< The request that it came with.
    WallTime createdAt{};
    friend bool operator==(const MessageRecord &, const MessageRecord &) = default;
};

inline constexpr qsizetype maxSessionIdBytes = 128;
/// Whether a caller may name a session so: 1 to maxSessionIdBytes letters (ASCII), digits and `-_.:~@`.
[[nodiscard]] bool isSessionId(QByteArrayView id);

/// A message that a search found.
struct SearchHit
{
    QByteArray sessionId;
    QString sessionTitle;
    MessageRecord message; ///< Its text is cut to its first 500 characters; `json` is left out.
    /// The words around the first match, plain text, at most 242 characters. The beginning of the text where
    /// the match isn't in the first 4096 characters, or looking for it took too long.
    QString snippet;
};

} // namespace gatehouse

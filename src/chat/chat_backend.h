// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "chat/chat_stream.h"

#include <QFuture>

namespace gatehouse {

/// A model as a backend lists it.
struct ModelInfo
{
    QByteArray id;
    qint64 created = 0;       ///< Seconds since 1970, UTC; 0: unknown.
    QByteArray ownedBy = {};  ///< Empty: unknown.
    qint64 contextLength = 0; ///< Tokens; 0: unknown.
    /// Of a model in this process: `unloaded`, `loading`, `ready` or `failed`; empty: of any other.
    QByteArray status = {};
    std::optional<double> progress = {}; ///< While it is `loading`: the part of it that is in memory, 0 … 1.
    friend bool operator==(const ModelInfo &, const ModelInfo &) = default;
};

/// Something that answers chat requests: an upstream server or a model in the process. Each lane has its own,
/// and calls it in its own thread.
class ChatBackend
{
public:
    virtual ~ChatBackend() = default;

    /// Begins an answer and returns at once. What the backend can't do comes as AnswerFailed, not as a null
    /// pointer.
    [[nodiscard]] virtual ChatStreamPtr open(const ChatRequest &request) = 0;

    /// The models that it serves just now. Never fails to finish: a backend out of reach finishes with an
    /// Error within its connect timeout.
    [[nodiscard]] virtual QFuture<Result<QList<ModelInfo>>> models() = 0;
};

} // namespace gatehouse

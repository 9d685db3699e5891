// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"

#include <QObject>

#include <memory>

namespace gatehouse {

/// One answer on its way. Lives in the thread that opened it and tells each event by one signal; the first
/// one comes only after ChatBackend::open has returned.
class ChatStream : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// The reader can't keep up: stop reading from the source until resume(). Events already under way may
    /// still come. Both are idempotent.
    virtual void pause() = 0;
    virtual void resume() = 0;

    /// Stops the work behind the answer at once. No event comes afterwards. Idempotent. Called by
    /// ChatStreamPtr.
    virtual void cancel() = 0;

Q_SIGNALS:
    void event(const gatehouse::ChatEvent &event);
};

/// Cancels at once, and frees the object when control is back in the event loop: an answer may be dropped
/// from inside its own signal.
struct ChatStreamDeleter
{
    void operator()(ChatStream *stream) const
    {
        stream->disconnect();
        stream->cancel();
        stream->deleteLater();
    }
};

/// Cancellation is destruction.
using ChatStreamPtr = std::unique_ptr<ChatStream, ChatStreamDeleter>;

} // namespace gatehouse

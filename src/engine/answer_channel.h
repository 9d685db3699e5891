// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_event.h"

#include <QList>
#include <QObject>

#include <mutex>
#include <optional>

namespace gatehouse {

/// The way of one answer's events from the thread of a model to the thread of its reader. Every method may be
/// called from any thread. Once close() has returned, the receiver is not touched any more.
class AnswerChannel
{
public:
    /// So many events may be on their way before the model has to wait for the reader.
    static constexpr qsizetype capacity = 64;

    /// The receiver gets a QEvent of type QEvent::User, from its event loop, when there is something to
    /// take().
    explicit AnswerChannel(QObject &receiver)
        : m_receiver(&receiver)
    {}

    void push(ChatEvent event);

    /// The next event, if there is one and the reader has not paused.
    [[nodiscard]] std::optional<ChatEvent> take();

    /// Posts once more if events are left: the reader takes a break.
    void takeLater();

    void setPaused(bool paused);
    void close();

    /// Whether the model should stop making events: the reader has paused, or does not keep up.
    [[nodiscard]] bool congested() const;

private:
    void wake();

    mutable std::mutex m_mutex;
    QObject *m_receiver; ///< Null once closed.
    QList<ChatEvent> m_events;
    bool m_paused = false;
    bool m_wakeUnderWay = false;
};

} // namespace gatehouse

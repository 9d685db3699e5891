// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/answer_channel.h"

#include <QCoreApplication>
#include <QEvent>

#include <utility>

namespace gatehouse {

void AnswerChannel::push(ChatEvent event)
{
    const std::scoped_lock lock(m_mutex);
    if (m_receiver == nullptr)
        return;
    m_events.append(std::move(event));
    wake();
}

std::optional<ChatEvent> AnswerChannel::take()
{
    const std::scoped_lock lock(m_mutex);
    m_wakeUnderWay = false;
    if (m_paused || m_events.isEmpty())
        return {};
    return m_events.takeFirst();
}

void AnswerChannel::takeLater()
{
    const std::scoped_lock lock(m_mutex);
    if (!m_paused && !m_events.isEmpty())
        wake();
}

void AnswerChannel::setPaused(bool paused)
{
    const std::scoped_lock lock(m_mutex);
    m_paused = paused;
    if (!paused && !m_events.isEmpty())
        wake();
}

void AnswerChannel::close()
{
    const std::scoped_lock lock(m_mutex);
    m_receiver = nullptr;
    m_events.clear();
}

bool AnswerChannel::congested() const
{
    const std::scoped_lock lock(m_mutex);
    return m_paused || m_events.size() >= capacity;
}

/// Posting under the lock is what keeps the receiver alive until the post is done.
void AnswerChannel::wake()
{
    if (m_receiver == nullptr || m_wakeUnderWay)
        return;
    m_wakeUnderWay = true;
    QCoreApplication::postEvent(m_receiver, new QEvent(QEvent::User));
}

} // namespace gatehouse

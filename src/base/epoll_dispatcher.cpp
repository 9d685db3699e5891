// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/epoll_dispatcher.h"

#include <QCoreApplication>
#include <QSocketNotifier>
#include <QThread>
#include <QTimerEvent>

#include <poll.h>

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

MonotonicTime now()
{
    return std::chrono::steady_clock::now();
}

// Rounded up, so that nothing is found to be not quite due.
int millisecondsUntil(MonotonicTime deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
    return static_cast<int>(std::clamp<qint64>(left, 0, std::numeric_limits<int>::max()));
}

} // namespace

EpollDispatcher::EpollDispatcher(QObject *parent)
    : QAbstractEventDispatcher(parent)
{}

EpollDispatcher::~EpollDispatcher() = default;

bool EpollDispatcher::processEvents(QEventLoop::ProcessEventsFlags flags)
{
    m_loopThread = QThread::currentThreadId();
    m_isInterrupted = false;
    Q_EMIT awake();

    // Whatever this thread posted so far is delivered now and need not cut the wait short. A request from
    // another thread does, even where its event is delivered here: it may be about something else.
    const bool wasWoken = std::exchange(m_wokenFromWithin, false);
    QCoreApplication::sendPostedEvents();

    const bool mayWait = flags.testFlag(QEventLoop::WaitForMoreEvents) && !m_isInterrupted;
    if (mayWait)
        Q_EMIT aboutToBlock();
    if (m_isInterrupted)
        return false;

    int events = waitForEvents(flags, mayWait);
    if (!flags.testFlag(QEventLoop::ExcludeSocketNotifiers))
        events += m_notifiers.deliver();
    if (!flags.testFlag(QEventLoop::X11ExcludeTimers))
        events += fireTimers();
    return events > 0 || wasWoken;
}

int EpollDispatcher::waitForEvents(QEventLoop::ProcessEventsFlags flags, bool mayWait)
{
    const bool withNotifiers = !flags.testFlag(QEventLoop::ExcludeSocketNotifiers);
    const bool idle = !withNotifiers || m_notifiers.prepareWait();
    const int timeout = mayWait && idle ? waitTimeout(!flags.testFlag(QEventLoop::X11ExcludeTimers)) : 0;
    const bool waits = timeout != 0 && !m_wokenFromWithin && m_wakeup.beginWait();

    bool acknowledge = false;
    if (withNotifiers) {
        acknowledge = m_notifiers.wait(waits ? timeout : 0);
    } else {
        pollfd wake{m_wakeup.descriptor(), POLLIN, 0};
        acknowledge = ::poll(&wake, 1, waits ? timeout : 0) > 0;
    }
    const bool woken = m_wakeup.endWait();
    if (acknowledge)
        m_wakeup.acknowledge();
    return woken || acknowledge ? 1 : 0;
}

int EpollDispatcher::waitTimeout(bool withTimers) const
{
    const auto deadline = withTimers ? m_timers.nextDeadline() : std::nullopt;
    return deadline ? millisecondsUntil(*deadline) : -1;
}

int EpollDispatcher::fireTimers()
{
    if (!m_timers.nextDeadline())
        return 0;
    const quint64 pass = m_timers.beginPass();
    const MonotonicTime passTime = now();
    int count = 0;
    while (const auto due = m_timers.takeDue(pass, passTime)) {
        QTimerEvent event(due->id);
        QCoreApplication::sendEvent(due->object, &event);
        m_timers.finish(*due);
        ++count;
    }
    return count;
}

void EpollDispatcher::registerSocketNotifier(QSocketNotifier *notifier)
{
    Q_ASSERT(notifier->socket() >= 0 && notifier->thread() == thread());
    m_notifiers.add(notifier);
}

void EpollDispatcher::unregisterSocketNotifier(QSocketNotifier *notifier)
{
    m_notifiers.remove(notifier);
}

void EpollDispatcher::registerTimer(int timerId, qint64 interval, Qt::TimerType timerType, QObject *object)
{
    Q_ASSERT(timerId > 0 && object && object->thread() == thread());
    m_timers.add(timerId, TimerQueue::Interval(interval), timerType, object, now());
}

bool EpollDispatcher::unregisterTimer(int timerId)
{
    return m_timers.remove(timerId);
}

bool EpollDispatcher::unregisterTimers(QObject *object)
{
    return m_timers.removeAll(object);
}

QList<QAbstractEventDispatcher::TimerInfo> EpollDispatcher::registeredTimers(QObject *object) const
{
    return m_timers.timersOf(object);
}

int EpollDispatcher::remainingTime(int timerId)
{
    const auto deadline = m_timers.deadline(timerId);
    return deadline ? millisecondsUntil(*deadline) : -1;
}

void EpollDispatcher::wakeUp()
{
    if (QThread::currentThreadId() == m_loopThread.load(std::memory_order_relaxed))
        m_wokenFromWithin = true;
    else
        m_wakeup.request();
}

void EpollDispatcher::interrupt()
{
    m_isInterrupted = true;
    wakeUp();
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/notifier_table.h"
#include "base/timer_queue.h"
#include "base/wakeup.h"

#include <QAbstractEventDispatcher>

#include <atomic>

namespace gatehouse {

/// An event dispatcher on epoll: the cost of a turn depends on what happens, not on how many sockets are open
/// (Qt's own poll every one of them each time). Install it with QThread::setEventDispatcher() before the
/// thread starts, or with QCoreApplication::setEventDispatcher() before the application object is made.
///
/// Each turn serves posted events, then up to 256 ready descriptors, then the due timers, each once: none of
/// the three can keep the others waiting. All but wakeUp() and interrupt() belong to the loop's thread.
class EpollDispatcher final : public QAbstractEventDispatcher
{
    Q_OBJECT
public:
    explicit EpollDispatcher(QObject *parent = nullptr);
    ~EpollDispatcher() override;

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override;

    void registerSocketNotifier(QSocketNotifier *notifier) override;
    void unregisterSocketNotifier(QSocketNotifier *notifier) override;

    void registerTimer(int timerId, qint64 interval, Qt::TimerType timerType, QObject *object) override;
    bool unregisterTimer(int timerId) override;
    bool unregisterTimers(QObject *object) override;
    QList<TimerInfo> registeredTimers(QObject *object) const override;
    int remainingTime(int timerId) override;

    void wakeUp() override;
    void interrupt() override;

private:
    int waitForEvents(QEventLoop::ProcessEventsFlags flags, bool mayWait);
    [[nodiscard]] int waitTimeout(bool withTimers) const;
    int fireTimers();

    Wakeup m_wakeup;
    NotifierTable m_notifiers{m_wakeup.descriptor()};
    TimerQueue m_timers;
    std::atomic<Qt::HANDLE> m_loopThread = nullptr;
    std::atomic<bool> m_isInterrupted = false;
    bool m_wokenFromWithin = false; ///< By the loop's own thread, mostly because it posted an event.
};

} // namespace gatehouse

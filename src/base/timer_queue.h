// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QAbstractEventDispatcher>
#include <QHash>

#include <optional>
#include <vector>

namespace gatehouse {

/// The timers of one event loop, ordered by deadline: what Qt::TimerType and the rules of QTimer mean,
/// without a clock and without delivering anything. Adding, removing and firing cost O(log n); nothing is
/// allocated once the queue has had its greatest size.
///
/// No timer fires early. Precise timers aim at the millisecond, coarse ones at a grid of at most 5 % of their
/// interval and very coarse ones at the full second, so that they share wake-ups.
class TimerQueue
{
public:
    using Interval = std::chrono::milliseconds;

    /// A timer that is being fired. While it is out of the queue no nested pass fires it again.
    struct Due
    {
        int id;
        QObject *object;
        quint64 registration;
    };

    /// `id` must not be in use. Negative intervals count as 0, those over a hundred years as that.
    void add(int id, Interval interval, Qt::TimerType type, QObject *object, MonotonicTime now);
    bool remove(int id);
    bool removeAll(const QObject *object);

    [[nodiscard]] QList<QAbstractEventDispatcher::TimerInfo> timersOf(const QObject *object) const;

    /// When the timer fires next; unset for an unknown id.
    [[nodiscard]] std::optional<MonotonicTime> deadline(int id) const;

    /// The earliest of all that are not being fired right now.
    [[nodiscard]] std::optional<MonotonicTime> nextDeadline() const;

    /// One pass fires every timer at most once, and none that was added or fired after the pass began: so a
    /// zero timer that restarts itself does not hold the loop. Passes may nest.
    [[nodiscard]] quint64 beginPass() const { return m_nextOrder; }
    [[nodiscard]] std::optional<Due> takeDue(quint64 pass, MonotonicTime now);

    /// Puts a fired timer back, unless it was removed meanwhile.
    void finish(const Due &due);

private:
    struct Timer
    {
        MonotonicTime deadline; ///< Rounded to the grid of the type.
        MonotonicTime nominal;  ///< Not rounded, so that rounding does not add up.
        Interval interval;
        quint64 order;        ///< Among equal deadlines the one that was queued earlier is first.
        quint64 registration; ///< Tells apart two timers that have the same id one after the other.
        QObject *object;
        int id;
        int place; ///< In m_heap; -1 while it is being fired.
        Qt::TimerType type;
    };

    [[nodiscard]] bool isBefore(int a, int b) const;
    void put(int place, int slot);
    void siftUp(int place);
    void siftDown(int place);
    void enqueue(int slot);
    void dequeue(int place);
    void rearm(Timer &timer, MonotonicTime now) const;
    void release(int slot);

    std::vector<Timer> m_timers; ///< Slots; those in m_free are not in use.
    std::vector<int> m_free;
    std::vector<int> m_heap; ///< A binary heap of slots.
    QHash<int, int> m_slotOfId;
    quint64 m_nextOrder = 0;
    quint64 m_nextRegistration = 0;
};

} // namespace gatehouse

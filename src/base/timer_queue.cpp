// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/timer_queue.h"

#include <algorithm>
#include <bit>

namespace gatehouse {

using namespace std::chrono_literals;

namespace {

using Duration = MonotonicTime::duration;

constexpr TimerQueue::Interval longestInterval = std::chrono::hours(24 * 365 * 100);
constexpr int firing = -1;

// The grid on which a timer's deadlines lie.
Duration gridOf(TimerQueue::Interval interval, Qt::TimerType type)
{
    switch (type) {
    case Qt::PreciseTimer:
        break;
    case Qt::CoarseTimer: {
        if (interval < 20ms)
            break;
        // The greatest power of two within 5 %: a coarse deadline then lies on the grids of all finer ones
        // too.
        const auto slack = static_cast<quint64>(std::min<qint64>(interval.count() / 20, 1024));
        return TimerQueue::Interval(std::bit_floor(slack));
    }
    case Qt::VeryCoarseTimer:
        return 1s;
    }
    return Duration(1);
}

MonotonicTime roundedUp(MonotonicTime time, Duration grid)
{
    const Duration over = time.time_since_epoch() % grid;
    return over == Duration::zero() ? time : time + (grid - over);
}

} // namespace

void TimerQueue::add(int id, Interval interval, Qt::TimerType type, QObject *object, MonotonicTime now)
{
    Q_ASSERT(!m_slotOfId.contains(id));
    interval = std::clamp(interval, Interval(0), longestInterval);
    const MonotonicTime nominal = now + interval;
    const MonotonicTime deadline = interval == 0ms ? now : roundedUp(nominal, gridOf(interval, type));
    const Timer timer{deadline, nominal, interval, 0, m_nextRegistration++, object, id, firing, type};
    int slot = static_cast<int>(m_timers.size());
    if (m_free.empty()) {
        m_timers.push_back(timer);
    } else {
        slot = m_free.back();
        m_free.pop_back();
        m_timers[slot] = timer;
    }
    m_slotOfId.insert(id, slot);
    enqueue(slot);
}

bool TimerQueue::remove(int id)
{
    const auto found = m_slotOfId.constFind(id);
    if (found == m_slotOfId.constEnd())
        return false;
    release(*found);
    return true;
}

bool TimerQueue::removeAll(const QObject *object)
{
    const QList<QAbstractEventDispatcher::TimerInfo> timers = timersOf(object);
    for (const auto &timer : timers)
        remove(timer.timerId);
    return !timers.isEmpty();
}

QList<QAbstractEventDispatcher::TimerInfo> TimerQueue::timersOf(const QObject *object) const
{
    QList<QAbstractEventDispatcher::TimerInfo> timers;
    for (const int slot : m_slotOfId) {
        const Timer &timer = m_timers[slot];
        if (timer.object == object)
            timers.append({timer.id, static_cast<int>(timer.interval.count()), timer.type});
    }
    return timers;
}

std::optional<MonotonicTime> TimerQueue::deadline(int id) const
{
    const auto found = m_slotOfId.constFind(id);
    if (found == m_slotOfId.constEnd())
        return std::nullopt;
    return m_timers[*found].deadline;
}

std::optional<MonotonicTime> TimerQueue::nextDeadline() const
{
    if (m_heap.empty())
        return std::nullopt;
    return m_timers[m_heap.front()].deadline;
}

std::optional<TimerQueue::Due> TimerQueue::takeDue(quint64 pass, MonotonicTime now)
{
    if (m_heap.empty())
        return std::nullopt;
    Timer &timer = m_timers[m_heap.front()];
    // What is queued during a pass has a deadline no earlier than the pass, so behind the first such timer
    // there is none that the pass has yet to fire.
    if (timer.deadline > now || timer.order >= pass)
        return std::nullopt;
    dequeue(0);
    rearm(timer, now);
    return Due{timer.id, timer.object, timer.registration};
}

void TimerQueue::finish(const Due &due)
{
    const auto found = m_slotOfId.constFind(due.id);
    if (found != m_slotOfId.constEnd() && m_timers[*found].registration == due.registration)
        enqueue(*found);
}

void TimerQueue::rearm(Timer &timer, MonotonicTime now) const
{
    if (timer.interval == 0ms) {
        timer.deadline = now;
        return;
    }
    timer.nominal += timer.interval;
    if (timer.nominal <= now) // Late by a whole interval or more: no burst to catch up.
        timer.nominal = now + timer.interval;
    timer.deadline = roundedUp(timer.nominal, gridOf(timer.interval, timer.type));
}

void TimerQueue::release(int slot)
{
    Timer &timer = m_timers[slot];
    if (timer.place != firing)
        dequeue(timer.place);
    m_slotOfId.remove(timer.id);
    m_free.push_back(slot);
}

bool TimerQueue::isBefore(int a, int b) const
{
    const Timer &left = m_timers[a];
    const Timer &right = m_timers[b];
    return left.deadline != right.deadline ? left.deadline < right.deadline : left.order < right.order;
}

void TimerQueue::put(int place, int slot)
{
    m_heap[place] = slot;
    m_timers[slot].place = place;
}

void TimerQueue::siftUp(int place)
{
    const int slot = m_heap[place];
    while (place > 0) {
        const int parent = (place - 1) / 2;
        if (!isBefore(slot, m_heap[parent]))
            break;
        put(place, m_heap[parent]);
        place = parent;
    }
    put(place, slot);
}

void TimerQueue::siftDown(int place)
{
    const int slot = m_heap[place];
    const int size = static_cast<int>(m_heap.size());
    for (int child = 2 * place + 1; child < size; child = 2 * place + 1) {
        if (child + 1 < size && isBefore(m_heap[child + 1], m_heap[child]))
            ++child;
        if (!isBefore(m_heap[child], slot))
            break;
        put(place, m_heap[child]);
        place = child;
    }
    put(place, slot);
}

void TimerQueue::enqueue(int slot)
{
    m_timers[slot].order = m_nextOrder++;
    m_heap.push_back(slot);
    siftUp(static_cast<int>(m_heap.size()) - 1);
}

void TimerQueue::dequeue(int place)
{
    m_timers[m_heap[place]].place = firing;
    const int last = m_heap.back();
    m_heap.pop_back();
    if (place == static_cast<int>(m_heap.size()))
        return;
    put(place, last);
    siftUp(place);
    siftDown(m_timers[last].place);
}

} // namespace gatehouse

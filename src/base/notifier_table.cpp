// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/notifier_table.h"

#include <QCoreApplication>
#include <QEvent>
#include <QSocketNotifier>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatehouse {

namespace {

constexpr int eventsPerWait = 256; // Timers and posted events have their turn after so many.
constexpr std::array<quint32, 3> watched = {EPOLLIN, EPOLLOUT, EPOLLPRI}; // By QSocketNotifier::Type.
constexpr quint32 concernsAll = EPOLLERR | EPOLLHUP;
constexpr quint64 wakeTag = ~quint64(0);

constexpr quint64 tagOf(int descriptor, quint32 generation)
{
    return quint64(generation) << 32 | quint32(descriptor);
}

} // namespace

NotifierTable::NotifierTable(int wakeDescriptor)
    : m_wakeDescriptor(wakeDescriptor)
{
    openSet();
}

NotifierTable::~NotifierTable()
{
    ::close(m_set);
}

void NotifierTable::add(QSocketNotifier *notifier)
{
    const auto descriptor = static_cast<int>(notifier->socket());
    const int type = notifier->type();
    Entry &entry = entryOf(descriptor);
    QSocketNotifier *const before = std::exchange(entry.notifiers[type], notifier);
    if (before && before != notifier) {
        qWarning("QSocketNotifier: Multiple socket notifiers for same socket %d", descriptor);
        forget(entry, type);
        entry.isDoubtful = true;
    }
    markDirty(descriptor);
}

void NotifierTable::remove(QSocketNotifier *notifier)
{
    const auto descriptor = static_cast<int>(notifier->socket());
    Entry &entry = entryOf(descriptor);
    const int type = notifier->type();
    if (entry.notifiers[type] != notifier)
        return;
    entry.notifiers[type] = nullptr;
    forget(entry, type);
    // Who has switched off all its notifiers may close it next, and the number may be another file's by the
    // time the kernel is told.
    if (wanted(entry) == 0)
        entry.isDoubtful = true;
    markDirty(descriptor);
}

bool NotifierTable::prepareWait()
{
    if (m_hasStrays)
        rebuild();
    for (std::size_t i = 0; i < m_dirty.size(); ++i) { // drop() may append.
        m_entries[m_dirty[i]].isDirty = false;
        update(m_dirty[i]);
    }
    m_dirty.clear();
    return m_alwaysReady.empty() && m_delivered == m_queue.size();
}

bool NotifierTable::wait(int timeoutMs)
{
    std::array<epoll_event, eventsPerWait> events;
    const int count = ::epoll_wait(m_set, events.data(), eventsPerWait, timeoutMs);
    bool woken = false;
    for (int i = 0; i < count; ++i) { // -1 for a signal: nothing is ready.
        if (events[i].data.u64 == wakeTag)
            woken = true;
        else
            take(events[i]);
    }
    for (const int descriptor : m_alwaysReady)
        queue(descriptor, EPOLLIN | EPOLLOUT);
    return woken;
}

int NotifierTable::deliver()
{
    int count = 0;
    while (m_delivered < m_queue.size()) {
        const int descriptor = m_queue[m_delivered++];
        m_entries[descriptor].isQueued = false;
        for (int type = 0; type < 3; ++type) {
            Entry &entry = m_entries[descriptor]; // Looked up again: the last one may have moved the table.
            if (!(entry.pending & (1U << type)))
                continue;
            forget(entry, type);
            QEvent event(QEvent::SockAct);
            QCoreApplication::sendEvent(entry.notifiers[type], &event);
            ++count;
        }
    }
    m_queue.clear();
    m_delivered = 0;
    return count;
}

quint32 NotifierTable::wanted(const Entry &entry)
{
    quint32 events = 0;
    for (std::size_t type = 0; type < watched.size(); ++type)
        events |= entry.notifiers[type] ? watched[type] : 0;
    return events;
}

void NotifierTable::forget(Entry &entry, int type)
{
    entry.pending &= static_cast<quint8>(~(1U << type));
}

NotifierTable::Entry &NotifierTable::entryOf(int descriptor)
{
    const auto index = static_cast<std::size_t>(descriptor);
    if (index >= m_entries.size())
        m_entries.resize(std::max(index + 1, m_entries.size() * 2));
    return m_entries[index];
}

void NotifierTable::markDirty(int descriptor)
{
    Entry &entry = m_entries[descriptor];
    if (!entry.isDirty)
        m_dirty.push_back(descriptor);
    entry.isDirty = true;
}

void NotifierTable::update(int descriptor)
{
    Entry &entry = m_entries[descriptor];
    const quint32 events = wanted(entry);
    const bool isDoubtful = std::exchange(entry.isDoubtful, false);
    if (entry.isAlwaysReady && (events == 0 || isDoubtful)) {
        entry.isAlwaysReady = false;
        std::erase(m_alwaysReady, descriptor);
    }
    if (entry.isAlwaysReady || (events == entry.known && !isDoubtful))
        return;
    if (events == 0) {
        if (entry.known != 0)
            ::epoll_ctl(m_set, EPOLL_CTL_DEL, descriptor, nullptr); // Fails where it is closed: well then.
        entry.known = 0;
        return;
    }
    // A number that was closed and opened again is not in the set any more, whatever `known` says.
    if (entry.known != 0 && control(EPOLL_CTL_MOD, descriptor, events))
        return;
    entry.generation = m_generation++;
    if (control(EPOLL_CTL_ADD, descriptor, events))
        return;
    if (errno == EEXIST && control(EPOLL_CTL_MOD, descriptor, events)) // The same file came back by dup2().
        return;
    if (errno == EPERM) {
        entry.isAlwaysReady = true;
        m_alwaysReady.push_back(descriptor);
        return;
    }
    drop(descriptor, std::strerror(errno));
}

bool NotifierTable::control(int operation, int descriptor, quint32 events)
{
    Entry &entry = m_entries[descriptor];
    epoll_event event = {};
    event.events = events;
    event.data.u64 = tagOf(descriptor, entry.generation);
    const bool done = ::epoll_ctl(m_set, operation, descriptor, &event) == 0;
    entry.known = done ? events : 0;
    return done;
}

void NotifierTable::drop(int descriptor, const char *reason)
{
    qWarning("QSocketNotifier: Can't watch socket %d (%s), disabling...", descriptor, reason);
    for (std::size_t type = 0; type < watched.size(); ++type) {
        if (QSocketNotifier *notifier = m_entries[descriptor].notifiers[type])
            notifier->setEnabled(false); // Comes back to remove().
    }
}

void NotifierTable::take(const epoll_event &event)
{
    const auto descriptor = static_cast<int>(event.data.u64 & 0xffffffff);
    const Entry &entry = m_entries[descriptor];
    if (entry.known == 0 || tagOf(descriptor, entry.generation) != event.data.u64)
        m_hasStrays = true;
    else
        queue(descriptor, event.events);
}

void NotifierTable::queue(int descriptor, quint32 events)
{
    Entry &entry = m_entries[descriptor];
    for (std::size_t type = 0; type < watched.size(); ++type) {
        if (entry.notifiers[type] && (events & (watched[type] | concernsAll)))
            entry.pending |= static_cast<quint8>(1U << type);
    }
    if (entry.pending == 0 || entry.isQueued)
        return;
    entry.isQueued = true;
    m_queue.push_back(descriptor);
}

void NotifierTable::openSet()
{
    m_set = ::epoll_create1(EPOLL_CLOEXEC);
    if (m_set < 0)
        qFatal("epoll_create1: %s", std::strerror(errno)); // No event loop without it.
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u64 = wakeTag;
    if (::epoll_ctl(m_set, EPOLL_CTL_ADD, m_wakeDescriptor, &event) != 0)
        qFatal("epoll_ctl: %s", std::strerror(errno));
}

// A file that was closed here but is still open under another number (dup, a child process) stays in the set
// and can't be taken out by its old number; only a new set is rid of it.
void NotifierTable::rebuild()
{
    m_hasStrays = false;
    ::close(m_set);
    openSet();
    for (std::size_t descriptor = 0; descriptor < m_entries.size(); ++descriptor) {
        m_entries[descriptor].known = 0;
        if (wanted(m_entries[descriptor]) != 0)
            markDirty(static_cast<int>(descriptor));
    }
}

} // namespace gatehouse

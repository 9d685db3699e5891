// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <array>
#include <vector>

class QSocketNotifier;
struct epoll_event;

namespace gatehouse {

/// The socket notifiers of one event loop and the epoll set behind them. What is idle costs nothing: waiting
/// is O(ready), not O(watched). Switching a notifier costs no system call by itself; the kernel is told just
/// before the next wait, and only of what is different by then.
///
/// As with Qt's own dispatchers an error or hang-up goes to every notifier of the descriptor, and a
/// descriptor that epoll takes no interest in (a regular file) counts as always ready. A notifier that is
/// still enabled when its descriptor is closed just stays silent.
class NotifierTable
{
public:
    /// `wakeDescriptor` ends a wait when it becomes readable.
    explicit NotifierTable(int wakeDescriptor);
    ~NotifierTable();
    NotifierTable(const NotifierTable &) = delete;
    NotifierTable &operator=(const NotifierTable &) = delete;

    void add(QSocketNotifier *notifier);
    void remove(QSocketNotifier *notifier); ///< Takes back what was queued for it, too.

    /// Brings the epoll set up to date. May disable notifiers of descriptors that are not open. False where
    /// something is ready without waiting.
    [[nodiscard]] bool prepareWait();

    /// Waits for at most `timeoutMs` (-1: for ever) and queues what is ready; some of it, where much is, and
    /// then the rest has its turn at the next call. True where `wakeDescriptor` is readable.
    [[nodiscard]] bool wait(int timeoutMs);

    /// Sends what is queued to the notifiers, which may do anything meanwhile: add, remove, or nest another
    /// wait() and deliver(). The number of events sent.
    int deliver();

private:
    struct Entry
    {
        std::array<QSocketNotifier *, 3> notifiers = {}; ///< By QSocketNotifier::Type.
        quint32 known = 0;                               ///< The events that the kernel watches for.
        quint32 generation = 0; ///< Comes back with each event; tells whether it is about this registration.
        quint8 pending = 0;     ///< A bit a type: ready, and not yet delivered.
        bool isQueued = false;
        bool isDirty = false;
        bool isDoubtful = false; ///< May have been closed and opened again since the kernel was told.
        bool isAlwaysReady = false;
    };

    [[nodiscard]] static quint32 wanted(const Entry &entry);
    static void forget(Entry &entry, int type);
    Entry &entryOf(int descriptor);
    void markDirty(int descriptor);
    void update(int descriptor);
    bool control(int operation, int descriptor, quint32 events);
    void drop(int descriptor, const char *reason);
    void queue(int descriptor, quint32 events);
    void take(const epoll_event &event);
    void openSet();
    void rebuild();

    const int m_wakeDescriptor;
    int m_set = -1;
    quint32 m_generation = 0;
    bool m_hasStrays = false;     ///< Events come for registrations that can't be named any more.
    std::vector<Entry> m_entries; ///< By descriptor.
    std::vector<int> m_dirty;
    std::vector<int> m_alwaysReady;
    std::vector<int> m_queue; ///< Descriptors with something pending; delivered up to m_delivered.
    std::size_t m_delivered = 0;
};

} // namespace gatehouse

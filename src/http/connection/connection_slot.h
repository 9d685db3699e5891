// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <atomic>

namespace gatehouse {

/// How many descriptors are being served, by a lane or by the whole door. Thread-safe.
class Occupancy : public QObject
{
    Q_OBJECT
public:
    [[nodiscard]] int count() const { return m_count.load(std::memory_order_relaxed); }
    void enter() { m_count.fetch_add(1, std::memory_order_relaxed); }
    void leave();

Q_SIGNALS:
    /// The last one has gone. Emitted in the thread in which it went.
    void vacated();

private:
    std::atomic<int> m_count = 0;
};

/// One descriptor's place in the counts, from accept() to close(): it moves along with the descriptor, from
/// the acceptor to the connection, on to a WebSocket or a lingering close.
class ConnectionSlot
{
public:
    ConnectionSlot(Occupancy &door, Occupancy &lane);
    ConnectionSlot(ConnectionSlot &&other) noexcept;
    ConnectionSlot &operator=(ConnectionSlot &&) = delete;
    ~ConnectionSlot();

private:
    Occupancy *m_door;
    Occupancy *m_lane;
};

} // namespace gatehouse

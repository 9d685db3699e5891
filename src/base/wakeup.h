// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>

namespace gatehouse {

/// How other threads get an event loop out of its wait. A request is never lost: one that comes while the
/// loop is awake keeps the next wait from beginning. Any number of requests cost one system call, and none
/// where the loop is awake.
class Wakeup
{
public:
    Wakeup();
    ~Wakeup();
    Wakeup(const Wakeup &) = delete;
    Wakeup &operator=(const Wakeup &) = delete;

    void request(); ///< Thread-safe.

    /// The loop's thread: whether it may wait. False where there is a request, which is thereby answered.
    [[nodiscard]] bool beginWait();
    /// The loop's thread, after the wait: whether there was a request meanwhile.
    bool endWait();
    /// The loop's thread, when descriptor() was found readable.
    void acknowledge();

    [[nodiscard]] int descriptor() const { return m_descriptor; } ///< Readable once a wait is to end.

private:
    enum State { Awake, Waiting, Requested };

    const int m_descriptor;
    std::atomic<State> m_state = Awake;
};

} // namespace gatehouse

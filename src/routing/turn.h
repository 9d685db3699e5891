// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "routing/route_group.h"

#include <QBasicTimer>
#include <QObject>

#include <functional>

namespace gatehouse {

/// Somebody's turn to get a place at a group's routes, now or later. Lives in the thread of the one who
/// wants it; destroying it leaves the queue, and gives back a place that was on its way.
class Turn : public QObject
{
    Q_OBJECT
public:
    /// Told once.
    using Done = std::function<void(Result<Place>)>;

    Turn(std::shared_ptr<RouteGroup> group, Wish wish, QObject *parent = nullptr);
    ~Turn() override;

    /// Asks for a place. `done` is called before this returns if there is one, or if there will be none;
    /// else from the event loop, and never once this is destroyed; it may destroy this.
    /// Errors: while every route of the wish is left alone, the one that its newest failure was, with
    /// `retryAfter` where that is known; Overloaded, with `retryAfter`: the queue is full (see
    /// WaitingRoom::displacedBy()), or the wait was too long, Wish::waited included.
    void take(Done done);

    [[nodiscard]] bool isWaiting() const;
    /// How many will be served before this one, and itself: 1, 2, …; 0: it doesn't wait.
    [[nodiscard]] qsizetype placeInQueue() const;

Q_SIGNALS:
    /// To this object's own thread, from whichever decided.
    void decided();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    friend class RouteGroup;
    void deliver(); ///< In the thread of this object: what was decided elsewhere.
    void conclude(Result<Place> result);

    const std::shared_ptr<RouteGroup> m_group;
    const Wish m_wish;
    Done m_done; ///< While it waits.
    QBasicTimer m_patience;
    QBasicTimer m_pulse;
    // Guarded by the group's mutex:
    quint64 m_id = 0;                             ///< In the queue; 0: it never was there.
    std::optional<Result<Place>> m_decision = {}; ///< Until delivered.
};

} // namespace gatehouse

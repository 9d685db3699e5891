// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QObject>

#include <chrono>

namespace gatehouse {

/// A moment that may be moved with every byte that comes in: moving it on costs a store, not a timer. (The
/// timer runs on to the earlier moment, finds that it has been moved, and starts again for the rest.)
class Deadline : public QObject
{
    Q_OBJECT
public:
    using Time = std::chrono::steady_clock::time_point; ///< Timers can't follow a Clock that a test turns.

    using QObject::QObject;

    void set(Time moment);
    void set(std::chrono::milliseconds fromNow) { set(std::chrono::steady_clock::now() + fromNow); }
    void clear() { m_moment = Time::max(); }
    [[nodiscard]] bool isSet() const { return m_moment != Time::max(); }

Q_SIGNALS:
    void passed();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void arm(Time now);

    QBasicTimer m_timer;
    Time m_armedFor = Time::max();
    Time m_moment = Time::max();
};

} // namespace gatehouse

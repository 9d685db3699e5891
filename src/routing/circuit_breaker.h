// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "routing/route_failure.h"

namespace gatehouse {

/// Whether a route is worth asking, learnt from how requests to it end. Pure: time and chance (0 … 1, for the
/// jitter) are passed in.
///
/// Closed: it is asked. A route that can't be reached is left alone at once, a broken one after `tolerance`
/// failures in a row: open. When its rest is over, one request is let through as a trial: half-open. A trial
/// that begins to be answered closes it, another failure makes the next rest twice as long. Where nobody
/// could be reached, an answered probe closes it, too: a trial may take a minute until it begins to be
/// answered.
class CircuitBreaker
{
public:
    enum class State { Closed, Open, HalfOpen };

    static constexpr int tolerance = 5;
    static constexpr std::chrono::milliseconds firstRest{500}; ///< Half to all of it, as chance has it.
    static constexpr std::chrono::milliseconds longestRest{4000};
    /// Of a route that can't be reached: probes end that rest, and a trial may take a caller's whole connect
    /// timeout.
    static constexpr std::chrono::milliseconds longestAbsence{30'000};

    [[nodiscard]] State state(MonotonicTime now) const;

    /// Whether a request may be sent: closed; or half-open, and no trial is under way.
    [[nodiscard]] bool admits(MonotonicTime now) const;
    /// Whether one may be sent where no other route is left: also while it rests, but never two trials at a
    /// time.
    [[nodiscard]] bool admitsAtNeed() const;

    /// Which trial a request is; 0: none.
    using Trial = quint64;

    /// A request is sent. Where it is a trial, one of the next three must tell its end.
    [[nodiscard]] Trial begin();
    void succeeded(); ///< An answer has begun.
    /// While it is open, only the trial that runs tells news: other requests were sent before.
    void failed(RouteFailure failure, Trial trial, MonotonicTime now, double chance);
    void abandoned(Trial trial); ///< It ended and nobody knows how it would have.

    /// A probe was answered, or not. An answer closes it where nobody could be reached; what is broken may
    /// answer probes all the same.
    void probed(bool hasAnswered, MonotonicTime now, double chance);

    /// What opened it: nobody was there, or what came was no answer. Meaningful unless closed.
    [[nodiscard]] bool wasUnreachable() const { return m_wasUnreachable; }

    /// The end of the rest; meaningful unless closed.
    [[nodiscard]] MonotonicTime restsUntil() const { return m_restsUntil; }

private:
    void open(MonotonicTime now, double chance);

    bool m_isOpen = false;
    Trial m_trial = 0; ///< The one that runs.
    Trial m_trials = 0;
    bool m_wasUnreachable = false; ///< What opened it.
    int m_failures = 0;            ///< In a row.
    std::chrono::milliseconds m_rest{0};
    MonotonicTime m_restsUntil = {};
};

} // namespace gatehouse

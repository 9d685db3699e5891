// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "config/settings.h"

#include <optional>

namespace gatehouse {

/// When an exchange with an upstream has waited long enough. Pure bookkeeping: the time is passed in, so that
/// noting a received chunk costs one assignment and the owner needs one coarse timer only.
///
/// An exchange connects, writes its request, waits for the first byte of the answer's body, and receives.
/// `connect` and `write` bound the first two, and `firstByte` the third where the answer is a stream. `total`
/// bounds everything up to that first byte, and all of an answer that is not a stream; `read` bounds each
/// silence after it. (A folded answer is silent while it is computed, and so is a stream while the prompt is
/// read: `read` would cut off slow models there.) A bound of zero or less is no bound.
class UpstreamDeadline
{
public:
    UpstreamDeadline(const UpstreamTimeouts &timeouts, bool streaming, MonotonicTime now);

    /// The connection stands; the request is being written.
    void connected(MonotonicTime now);
    /// The upstream took more of the request; `complete`: all of it.
    void wrote(bool complete, MonotonicTime now);
    /// More of the answer's body arrived.
    void received(MonotonicTime now);
    /// Reading stops or goes on because of the answer's reader: what follows is not the upstream's silence.
    void paused();
    void resumed(MonotonicTime now);

    /// The earliest time at which the exchange is overdue if nothing happens until then; MonotonicTime::max()
    /// without a bound.
    [[nodiscard]] MonotonicTime next() const;

    /// UpstreamTimeout, saying which bound was passed; nothing while there is time left.
    [[nodiscard]] std::optional<Error> overdue(MonotonicTime now) const;

private:
    enum class Phase { Connecting, Writing, Waiting, Receiving };

    [[nodiscard]] bool totalApplies() const;
    [[nodiscard]] std::chrono::milliseconds phaseLimit() const;

    UpstreamTimeouts m_timeouts;
    bool m_streaming;
    bool m_boundWhole;
    bool m_paused = false;
    Phase m_phase = Phase::Connecting;
    MonotonicTime m_started;
    MonotonicTime m_progress; ///< Of the phase: when it began or last moved.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QtGlobal>

#include <vector>

namespace gatehouse {

/// What was taken in the last minute or hour. Exact: whatever happens in whichever order, no span of `length`
/// ever sees more than the limit. Kept are runs of one moment and its amount, at most 3,602 of them (8 bytes
/// each): moments are milliseconds and, once there are 1,800 runs, 1,800ths of the window, rounded up, so
/// that the worst that coarseness does is to refuse for a little longer. Not thread-safe; times given to one
/// object never go back by much.
class SlidingWindow
{
public:
    /// The moment under which an amount was written down, to change it later.
    using Moment = qint64;

    explicit SlidingWindow(std::chrono::milliseconds length)
        : m_length(static_cast<quint32>(length.count()))
    {}

    /// How long until `amount` more fit under `limit`; zero: now. Where it never fits: the whole length.
    [[nodiscard]] std::chrono::milliseconds wait(qint64 limit, qint64 amount, MonotonicTime now);
    Moment take(qint64 amount, MonotonicTime now);
    /// Corrects what was taken at `moment`, if that is still inside the window.
    void adjust(Moment moment, qint64 difference, MonotonicTime now);

    [[nodiscard]] qint64 used(MonotonicTime now);
    /// Until nothing is left of what was taken so far.
    [[nodiscard]] std::chrono::milliseconds untilEmpty(MonotonicTime now);
    void clear();
    [[nodiscard]] std::size_t runCount() const { return m_runs.size() - m_first; }

private:
    struct Run
    {
        quint32 moment; ///< Of a Moment the lower half; none is kept for long enough to take it for another.
        quint32 amount;
    };
    void forget(MonotonicTime now);
    [[nodiscard]] Moment momentOf(MonotonicTime now) const;
    [[nodiscard]] Moment whole(quint32 moment) const; ///< The Moment whose lower half is kept.
    [[nodiscard]] std::chrono::milliseconds untilGone(const Run &run, MonotonicTime now) const;

    std::vector<Run> m_runs; ///< Oldest first; those before m_first are gone.
    quint32 m_first = 0;
    quint32 m_length;
    qint64 m_sum = 0;
    Moment m_last = 0; ///< Of the newest run.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QtGlobal>

namespace gatehouse {

/// A token bucket: `burst` requests at once, and `perSecond` more each second. Instead of a number of tokens
/// it keeps the moment at which the bucket is full again (the generic cell rate algorithm, ITU-T I.371), so
/// that nothing is rounded from request to request. Not thread-safe.
class TokenBucket
{
public:
    struct Bound
    {
        double perSecond; ///< Above 0.
        int burst;        ///< Less than 1 counts as 1.
    };

    /// How long until a request passes; zero: now. Rounded up.
    [[nodiscard]] std::chrono::milliseconds wait(const Bound &bound, MonotonicTime now) const;
    void take(const Bound &bound, MonotonicTime now);

    /// Of `burst`: how many are gone; a request that is being refilled counts as gone.
    [[nodiscard]] qint64 used(const Bound &bound, MonotonicTime now) const;
    [[nodiscard]] std::chrono::milliseconds untilFull(MonotonicTime now) const; ///< Rounded up.

private:
    MonotonicTime m_fullAt{};
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/limits/limiter.h"

namespace gatehouse {

/// Holds nothing: of a request that no gate counts.
class FreeReservation final : public Reservation
{
public:
    void settle(qint64) override {}
};

} // namespace gatehouse

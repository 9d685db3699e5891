// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/descriptor_budget.h"

#include <sys/resource.h>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr rlim_t fewestReserved = 64;

rlim_t reserved(rlim_t limit)
{
    return std::max(limit / 8, fewestReserved);
}

} // namespace

int connectionsWithinBudget(int wanted)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    // Each served connection may need a second one to an upstream.
    const rlim_t needed = static_cast<rlim_t>(wanted) * 2 + fewestReserved;
    if (limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max) {
        rlimit raised{.rlim_cur = std::min(needed, limit.rlim_max), .rlim_max = limit.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    const rlim_t room = limit.rlim_cur > fewestReserved ? limit.rlim_cur - reserved(limit.rlim_cur) : 1;
    return static_cast<int>(std::min<rlim_t>(static_cast<rlim_t>(wanted), std::max<rlim_t>(room, 1)));
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>

namespace gatehouse {

/// Whether new work should be sent here. Written by `app`, read by every lane; all members are independent
/// flags.
struct Readiness
{
    std::atomic<bool> draining = false;
    std::atomic<bool> hasRoute = false; ///< At least one route is configured.
    std::atomic<int> modelsLoading = 0; ///< Local models of the start that are not loaded yet.

    [[nodiscard]] bool isReady() const { return !draining && hasRoute && modelsLoading == 0; }
    [[nodiscard]] const char *word() const
    {
        return draining ? "draining" : !hasRoute ? "no_route" : modelsLoading > 0 ? "starting" : "ready";
    }
};

} // namespace gatehouse

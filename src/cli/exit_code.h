// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

/// What the program tells whoever started it (contract §8).
enum ExitCode : int {
    ExitSuccess = 0,
    ExitFailure = 1, ///< Something failed at run time.
    ExitUsage = 2,   ///< The command line or the configuration is wrong.
};

} // namespace gatehouse

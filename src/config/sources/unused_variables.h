// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

namespace gatehouse {

/// A predecessor's variable that has no effect here. Operators are told so: a limit that is believed in and
/// not kept is worse than none.
struct UnusedVariable
{
    const char *name;
    const char *what; ///< What it is about.
};
[[nodiscard]] const std::vector<UnusedVariable> &unusedVariables();

} // namespace gatehouse

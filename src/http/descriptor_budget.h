// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

/// How many of `wanted` connections the process has descriptors for. Raises the soft limit (RLIMIT_NOFILE) as
/// far as that takes and the hard limit lets it: the usual soft limit of 1024 is meant for programs that use
/// select(). An eighth of the descriptors, and 64 at least, is kept for upstreams, files and the rest.
[[nodiscard]] int connectionsWithinBudget(int wanted);

} // namespace gatehouse

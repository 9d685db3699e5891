// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdio>
#include <cstdlib>

/// An invariant that a fuzzer holds; unlike assert() also in a release build.
inline void require(bool condition, const char *invariant)
{
    if (condition)
        return;
    std::fprintf(stderr, "broken: %s\n", invariant);
    std::abort();
}

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <sodium.h>

namespace gatehouse {

/// To be called before anything else of libsodium. Any thread, any number of times.
inline void startSodium()
{
    static const bool isReady = sodium_init() >= 0;
    if (!isReady)
        qFatal("libsodium can't be started"); // No source of random bits: nothing here could be safe.
}

} // namespace gatehouse

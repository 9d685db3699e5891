// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <chrono>

namespace gatehouse {

enum class EngineState {
    Idle, ///< Not loaded, or not any more; the next request loads it.
    Loading,
    Ready,
    Failed, ///< Could not be loaded; requests are refused until load() is called again.
};

/// How far an engine is, and what it runs. A value.
struct EngineStatus
{
    EngineState state = EngineState::Idle;
    double loaded = 0;                       ///< The part of the weights that is in memory, 0 … 1.
    std::chrono::milliseconds loadTime = {}; ///< It took so long until Ready or Failed.
    std::optional<Error> error = {};         ///< When Failed; the reason is in `detail`.

    // When Ready:
    QByteArray description = {}; ///< Architecture, size, quantisation.
    qint64 parameters = 0;
    int contextLength = 0; ///< Tokens.
    int threads = 0;
};

} // namespace gatehouse

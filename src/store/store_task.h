// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/database.h"

#include <functional>

namespace gatehouse {

/// A job, and what to do with its result once it is committed (or has failed). A value; `deliver` is called
/// exactly once, in any thread.
struct StoreTask
{
    std::function<Result<void>(Database &)> run;
    std::function<void(Result<void>)> deliver;
    qint64 bytes = 0; ///< What it holds in memory, where that is much.
};

/// What a task ends with that can't be run.
[[nodiscard]] Error databaseAway();

} // namespace gatehouse

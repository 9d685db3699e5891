// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/managed_routes.h"

#include <QObject>

#include <functional>

namespace gatehouse {

/// Changes the routes that POST /api/routes has made. Thread-safe; calls return at once, and `done` comes
/// later, in the thread of `context`, unless that is gone. When it comes, the change is on the disk, and
/// this lane works by it.
class RouteEditor
{
public:
    using Done = std::function<void(const Result<void> &)>;

    virtual ~RouteEditor() = default;

    /// Makes a route, or puts it in the place of the managed one with its key. Errors: InvalidRequest with
    /// `param`, what configuration checks have to say of it (one line a mistake); RouteConflict: the operator
    /// has written a route of this key down.
    virtual void put(ManagedRoute route, QObject *context, Done done) = 0;

    /// Errors: NotFound; RouteConflict, as above.
    virtual void remove(QString key, QObject *context, Done done) = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "admission/caller.h"
#include "base/error.h"

#include <QObject>

namespace gatehouse {

class LaneContext;

/// Tells when somebody who was let in no longer would be: the key or user was revoked, or has expired. Lives
/// in the lane; the context outlives it.
class CallerWatch : public QObject
{
    Q_OBJECT
public:
    CallerWatch(LaneContext &context, Caller caller, QObject *parent);

    /// Asks now; between the gates and now the caller may have been revoked.
    void check();

Q_SIGNALS:
    void revoked(const gatehouse::Error &error);

private:
    void awaitExpiry();

    LaneContext &m_context;
    const Caller m_caller;
    WallTime m_awaited = {}; ///< The end that a timer waits for.
};

} // namespace gatehouse

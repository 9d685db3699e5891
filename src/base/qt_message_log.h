// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"

#include <qlogging.h>

namespace gatehouse {

/// While it lives, what Qt and its users say by qDebug() to qFatal() becomes lines of a log (event `qt`). One
/// at a time in a process, because Qt's handler is. Messages may come from any thread.
class QtMessageLog
{
public:
    /// `log` must outlive this object.
    explicit QtMessageLog(Log &log);
    ~QtMessageLog();
    QtMessageLog(const QtMessageLog &) = delete;
    QtMessageLog &operator=(const QtMessageLog &) = delete;

private:
    QtMessageHandler m_previous;
};

} // namespace gatehouse

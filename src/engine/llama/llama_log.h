// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"

#include <QString>

namespace gatehouse {

/// What llama.cpp logs in the thread that made this object, while it lives: sent on at debug level, and the
/// last error kept, because llama.cpp tells the reason of a failure nowhere else. Its log callback is one for
/// the whole process; this is how two engines, and two servers in one process, each get their own lines.
class LlamaLog
{
public:
    explicit LlamaLog(Log &log);
    ~LlamaLog();
    Q_DISABLE_COPY_MOVE(LlamaLog)

    /// The first error since the last call, in llama.cpp's words without its function's name; else empty.
    [[nodiscard]] QString takeError();

    /// Called by the process-wide callback.
    void take(bool isError, QByteArrayView line);

private:
    Log &m_log;
    QByteArray m_error;
};

} // namespace gatehouse

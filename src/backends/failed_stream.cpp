// SPDX-License-Identifier: GPL-3.0-or-later
#include "backends/failed_stream.h"

namespace gatehouse {

FailedStream::FailedStream(Error error)
    : m_error(std::move(error))
{
    const auto tell = [this] {
        if (!m_cancelled)
            Q_EMIT event(AnswerFailed{m_error});
    };
    QMetaObject::invokeMethod(this, tell, Qt::QueuedConnection);
}

} // namespace gatehouse

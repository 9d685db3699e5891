// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"

#include <QList>

#include <mutex>

namespace gatehouse {

/// Keeps the names of the events above debug level, and how many there were at it.
class RecordingLog final : public Log
{
public:
    void write(LogLevel level, const char *event, std::span<const LogField>) override
    {
        const std::scoped_lock lock(m_mutex);
        if (level == LogLevel::Debug)
            ++m_debugLines;
        else
            m_events.append(event);
    }

    [[nodiscard]] QList<QByteArray> events() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_events;
    }
    [[nodiscard]] int debugLines() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_debugLines;
    }

private:
    mutable std::mutex m_mutex;
    QList<QByteArray> m_events;
    int m_debugLines = 0;
};

} // namespace gatehouse

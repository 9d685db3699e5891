// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"

#include <QByteArrayList>

#include <mutex>

namespace gatehouse {

/// Remembers what happened. Thread-safe.
class TestLog final : public Log
{
public:
    void write(LogLevel, const char *event, std::span<const LogField> fields) override
    {
        const std::lock_guard lock(m_mutex);
        m_events << event;
        for (const LogField &field : fields) {
            if (const auto *text = std::get_if<QByteArray>(&field.value))
                m_text += *text + '\n';
        }
    }
    [[nodiscard]] qsizetype count(const char *event) const
    {
        const std::lock_guard lock(m_mutex);
        return m_events.count(event);
    }
    [[nodiscard]] QByteArray text() const
    {
        const std::lock_guard lock(m_mutex);
        return m_text;
    }

private:
    mutable std::mutex m_mutex;
    QByteArrayList m_events;
    QByteArray m_text;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QHash>
#include <QList>

#include <mutex>

namespace gatehouse {

/// When each key was used last, until that is written. As many entries as there are keys. Thread-safe.
class KeyUses
{
public:
    void note(const QByteArray &keyId, WallTime time)
    {
        const std::lock_guard lock(m_mutex);
        m_uses.insert(keyId, time);
    }

    /// Hands them over and begins anew.
    [[nodiscard]] QList<QPair<QByteArray, WallTime>> take()
    {
        const std::lock_guard lock(m_mutex);
        QList<QPair<QByteArray, WallTime>> uses;
        for (auto use = m_uses.cbegin(); use != m_uses.cend(); ++use)
            uses.append({use.key(), use.value()});
        m_uses.clear();
        return uses;
    }

    /// Back again, where they could not be written; what came in between is later.
    void putBack(const QList<QPair<QByteArray, WallTime>> &uses)
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &[keyId, time] : uses) {
            if (!m_uses.contains(keyId))
                m_uses.insert(keyId, time);
        }
    }

private:
    std::mutex m_mutex;
    QHash<QByteArray, WallTime> m_uses;
};

} // namespace gatehouse

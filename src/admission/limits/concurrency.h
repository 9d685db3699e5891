// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace gatehouse {

/// How many requests of one key run at once. Not thread-safe.
class Concurrency
{
public:
    [[nodiscard]] bool hasPlace(qint64 limit) const { return m_held < limit; }
    [[nodiscard]] qint64 held() const { return m_held; }
    void take() { ++m_held; }
    void release() { --m_held; }

private:
    qint64 m_held = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/address_block.h"

#include <algorithm>

namespace gatehouse {

std::chrono::milliseconds AddressBlock::wait(MonotonicTime now) const
{
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::max(m_until - now, MonotonicTime::duration::zero()));
}

void AddressBlock::refused(const LimitSettings &settings, MonotonicTime now)
{
    if (settings.blockAfter <= 0)
        return;
    if (now >= m_forgivenAt)
        m_length = {};
    m_refusals.take(1, now);
    if (m_refusals.used(now) >= settings.blockAfter) {
        const std::chrono::milliseconds next =
            m_length.count() == 0 ? std::chrono::milliseconds(settings.blockFor) : m_length * 2;
        m_length = std::min<std::chrono::milliseconds>(next, settings.longestBlock);
        m_until = now + m_length;
        m_refusals.clear();
    }
    m_forgivenAt = std::max(now, m_until) + m_length;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/limits/login_gate.h"

#include "admission/limits/address_key.h"

namespace gatehouse {

std::optional<std::chrono::seconds> LoginGate::refuse(const QHostAddress &address, MonotonicTime now)
{
    constexpr std::size_t mostAddresses = 10'000;
    const std::lock_guard lock(m_mutex);
    SlidingWindow &window = m_tries.touch(addressKey(address)).window;
    const auto wait = window.wait(triesPerMinute, 1, now);
    if (wait.count() == 0)
        window.take(1, now);
    m_tries.dropWhile([this](const Tries &) { return m_tries.size() > mostAddresses; });
    if (wait.count() == 0)
        return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(wait);
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>

namespace gatehouse {

/// An immutable value that is swapped whole: readers keep the one they got for as long as they need it.
/// Thread-safe. (std::atomic<std::shared_ptr> does the same, but ThreadSanitizer cannot see through g++
/// 12's.)
template <typename T>
class Snapshot
{
public:
    explicit Snapshot(std::shared_ptr<const T> value)
        : m_value(std::move(value))
    {}

    [[nodiscard]] std::shared_ptr<const T> get() const
    {
        const std::lock_guard lock(m_mutex);
        return m_value;
    }
    void swap(std::shared_ptr<const T> value)
    {
        const std::lock_guard lock(m_mutex);
        m_value.swap(value);
    }

private:
    mutable std::mutex m_mutex;
    std::shared_ptr<const T> m_value;
};

} // namespace gatehouse

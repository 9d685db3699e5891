// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakes/behaviour.h"

#include <QList>

#include <deque>
#include <mutex>
#include <utility>

namespace gatehouse::fakes {

/// What the fake is told to do. Thread-safe: tests write it, the fake's thread reads it.
class Script
{
public:
    explicit Script(const Behaviour &defaults)
        : m_defaults(defaults)
    {}

    void setDefaults(const Behaviour &defaults)
    {
        const std::scoped_lock lock(m_mutex);
        m_defaults = defaults;
    }

    void append(const Behaviour &behaviour)
    {
        const std::scoped_lock lock(m_mutex);
        m_queue.push_back(behaviour);
    }

    /// The behaviour for one more request. `isWork`: no question about models, which come when they like.
    [[nodiscard]] Behaviour next(bool isWork)
    {
        const std::scoped_lock lock(m_mutex);
        if (m_queue.empty() || !isWork)
            return m_defaults;
        const Behaviour behaviour = m_queue.front();
        m_queue.pop_front();
        return behaviour;
    }

    void setModels(const QList<QByteArray> &models)
    {
        const std::scoped_lock lock(m_mutex);
        m_models = models;
    }

    [[nodiscard]] QList<QByteArray> models() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_models;
    }

private:
    mutable std::mutex m_mutex; ///< Guards all below.
    Behaviour m_defaults;
    std::deque<Behaviour> m_queue;
    QList<QByteArray> m_models{"fake-model"};
};

} // namespace gatehouse::fakes

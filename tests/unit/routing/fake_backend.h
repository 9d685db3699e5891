// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "chat/chat_backend.h"

#include <QPromise>

#include <memory>
#include <vector>

namespace gatehouse {

/// A clock that stands until it is turned.
class TurnedClock final : public Clock
{
public:
    [[nodiscard]] MonotonicTime now() const override { return m_now; }
    [[nodiscard]] WallTime wallNow() const override { return {}; }
    void turn(std::chrono::milliseconds by) { m_now += by; }

private:
    MonotonicTime m_now{std::chrono::hours(1)};
};

/// A backend whose list of models comes when the test says so.
class FakeBackend final : public ChatBackend
{
public:
    using Listed = Result<QList<ModelInfo>>;

    [[nodiscard]] ChatStreamPtr open(const ChatRequest &) override { return nullptr; }
    [[nodiscard]] QFuture<Listed> models() override
    {
        m_questions.push_back(std::make_shared<QPromise<Listed>>());
        m_questions.back()->start();
        const QFuture<Listed> future = m_questions.back()->future();
        if (m_atOnce)
            answer(*m_atOnce);
        if (m_forgetsAtOnce)
            m_questions.back().reset();
        return future;
    }

    /// Answers every question from now on at once.
    void answerAtOnce(const Listed &listed) { m_atOnce = listed; }
    /// Answers the newest question.
    void answer(const Listed &listed)
    {
        m_questions.back()->addResult(listed);
        m_questions.back()->finish();
    }
    /// Drops the newest question, as a lane that ends does.
    void forget() { m_questions.back().reset(); }
    /// Drops every question from now on at once.
    void forgetAtOnce() { m_forgetsAtOnce = true; }
    [[nodiscard]] size_t questions() const { return m_questions.size(); }

private:
    std::vector<std::shared_ptr<QPromise<Listed>>> m_questions;
    std::optional<Listed> m_atOnce;
    bool m_forgetsAtOnce = false;
};

inline QList<ModelInfo> modelsNamed(std::initializer_list<const char *> names)
{
    QList<ModelInfo> models;
    for (const char *name : names)
        models.append({.id = name});
    return models;
}

} // namespace gatehouse

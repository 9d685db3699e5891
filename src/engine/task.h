// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/answer_channel.h"

#include <memory>

namespace gatehouse {

class LoadedModel;

/// The work for one request, done step by step in the thread of the model. Tells every event, the last one
/// included, through its channel.
class Task
{
public:
    explicit Task(std::shared_ptr<AnswerChannel> channel)
        : m_channel(std::move(channel))
    {}
    virtual ~Task() = default;
    Q_DISABLE_COPY_MOVE(Task)

    enum class Progress {
        Busy,    ///< The next step goes on where this one ended.
        Pausing, ///< There is more to do, but nothing is lost if others go first.
        Done,    ///< That was the last step.
    };

    /// `model` is the same in every step.
    [[nodiscard]] virtual Progress step(LoadedModel &model) = 0;

    /// The end that only the engine can tell.
    void fail(const Error &error) { m_channel->push(AnswerFailed{error}); }

    [[nodiscard]] AnswerChannel &channel() { return *m_channel; }

private:
    std::shared_ptr<AnswerChannel> m_channel;
};

} // namespace gatehouse

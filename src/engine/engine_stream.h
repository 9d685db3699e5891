// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chat/chat_stream.h"
#include "engine/scheduler.h"

namespace gatehouse {

class AnswerChannel;
class EngineWorker;

/// An answer of a model in the process, seen from the thread that asked for it.
class EngineStream final : public ChatStream
{
    Q_OBJECT
public:
    EngineStream();
    ~EngineStream() override;

    /// The worker's end of the events.
    [[nodiscard]] std::shared_ptr<AnswerChannel> channel() const { return m_channel; }

    /// The request was taken; until then the stream only tells what is pushed into its channel.
    void setJob(const std::shared_ptr<EngineWorker> &worker, JobId job);

    void pause() override;
    void resume() override;
    void cancel() override;

protected:
    void customEvent(QEvent *event) override;

private:
    void refreshJob();

    std::shared_ptr<AnswerChannel> m_channel;
    std::weak_ptr<EngineWorker> m_worker; ///< Gone when the engine is.
    JobId m_job = 0;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_stream.h"

#include "engine/answer_channel.h"
#include "engine/engine_worker.h"

namespace gatehouse {

EngineStream::EngineStream()
    : m_channel(std::make_shared<AnswerChannel>(*this))
{}

EngineStream::~EngineStream()
{
    cancel();
}

void EngineStream::setJob(const std::shared_ptr<EngineWorker> &worker, JobId job)
{
    m_worker = worker;
    m_job = job;
}

void EngineStream::pause()
{
    m_channel->setPaused(true);
    refreshJob();
}

void EngineStream::resume()
{
    m_channel->setPaused(false);
    refreshJob();
}

void EngineStream::cancel()
{
    m_channel->close();
    if (const auto worker = m_worker.lock())
        worker->cancel(m_job);
    m_worker.reset();
}

/// The channel has something. A handler may pause, cancel or drop the stream; take() then gives nothing more.
/// A fast model does not keep the thread from its other work: no more than a channel's fill at a time.
void EngineStream::customEvent(QEvent *)
{
    for (qsizetype i = 0; i < AnswerChannel::capacity; ++i) {
        const std::optional<ChatEvent> next = m_channel->take();
        if (!next)
            break;
        Q_EMIT event(*next);
    }
    m_channel->takeLater();
    refreshJob();
}

void EngineStream::refreshJob()
{
    if (const auto worker = m_worker.lock())
        worker->refresh(m_job);
}

} // namespace gatehouse

#include "moc_engine_stream.cpp"

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "chat/chat_request.h"
#include "engine/engine_options.h"
#include "engine/engine_status.h"
#include "engine/scheduler.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace gatehouse {

class Answer;
class AnswerChannel;
class ChatTemplate;
class Context;
class LlamaLog;
class Model;

/// The thread that owns a model and its context: loads it, then moves the answers forward, each step as the
/// Scheduler plans. start() and stop() belong to one thread; everything else may be called from any.
class EngineWorker
{
public:
    /// `statusChanged` is called in the worker's thread.
    EngineWorker(EngineOptions options, Log &log, std::function<void()> statusChanged);
    ~EngineWorker();
    Q_DISABLE_COPY_MOVE(EngineWorker)

    void start();

    /// Ends the thread, within a step's time. Answers that are not complete fail.
    void stop();

    [[nodiscard]] EngineStatus status() const;
    [[nodiscard]] const EngineOptions &options() const { return m_options; }

    /// Takes a request. 0: it was refused, and the channel has been told why.
    [[nodiscard]] JobId submit(ChatRequest request, std::shared_ptr<AnswerChannel> channel);

    /// Nobody wants the answer any more. A step under way for it is interrupted.
    void cancel(JobId job);

    /// The reader has paused, resumed or caught up: looks at the job's channel again.
    void refresh(JobId job);

private:
    struct Job
    {
        std::unique_ptr<Answer> answer;
        std::chrono::microseconds busy = {};
    };
    using JobPtr = std::shared_ptr<Job>;

    void run();
    [[nodiscard]] bool load(LlamaLog &llamaLog);
    [[nodiscard]] Result<void> prepare(LlamaLog &llamaLog);
    [[nodiscard]] bool reportProgress(double part);
    void becomeReady(std::chrono::milliseconds loadTime);
    void becomeFailed(std::chrono::milliseconds loadTime, const Error &error);
    void failAll(const Error &error);
    [[nodiscard]] JobPtr nextJob();
    void advance(Job &job);
    [[nodiscard]] bool step(Job &job);

    const EngineOptions m_options;
    Log &m_log;
    const std::function<void()> m_statusChanged;

    // Of the worker's thread alone (m_context is also interrupted by others, under the lock).
    std::unique_ptr<Model> m_model;
    std::unique_ptr<ChatTemplate> m_chatTemplate;
    std::unique_ptr<Context> m_context;

    mutable std::mutex m_mutex; ///< Guards all below.
    std::condition_variable m_wake;
    Scheduler m_scheduler;
    std::unordered_map<JobId, JobPtr> m_jobs;
    std::vector<JobPtr> m_dropped; ///< Not wanted any more; they die in the worker's thread.
    EngineStatus m_status;
    JobId m_lastId = 0;
    JobId m_running = 0;
    std::atomic<bool> m_isStopping = false;
    std::thread m_thread;
};

} // namespace gatehouse

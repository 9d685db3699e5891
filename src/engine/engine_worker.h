// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "chat/chat_request.h"
#include "engine/engine_options.h"
#include "engine/engine_status.h"
#include "engine/scheduler.h"
#include "engine/task.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace gatehouse {

class AnswerChannel;
class LoadedModel;

/// The thread that owns a model: loads it when it is wanted, then moves its tasks forward, each step as the
/// schedulers plan, and frees it when it is not wanted any more. Answers and embeddings have a scheduler each
/// and take turns, step by step, as they share nothing but the weights: neither waits for the other to end.
///
/// stop() belongs to the thread that made the object; everything else may be called from any.
class EngineWorker
{
public:
    /// `statusChanged` is called in the worker's thread, or in that of the caller who changed it.
    EngineWorker(EngineOptions options, Log &log, std::function<void()> statusChanged);
    ~EngineWorker();
    Q_DISABLE_COPY_MOVE(EngineWorker)

    /// False: it is loaded, or being loaded, already. One that failed is tried again.
    bool load();

    /// False: it is not loaded, and not being loaded. Else what waits or runs fails now, and the memory is
    /// free within a step's time.
    bool unload();

    /// Ends the thread, within a step's time. What is not complete fails.
    void stop();

    [[nodiscard]] EngineStatus status() const;
    [[nodiscard]] int waiting() const; ///< Jobs that wait for their turn.
    [[nodiscard]] const EngineOptions &options() const { return m_options; }

    /// Takes a request, and loads the model if need be. 0: it was refused, and the channel has been told why.
    [[nodiscard]] JobId submit(ChatRequest request, std::shared_ptr<AnswerChannel> channel);

    /// Nobody wants the answer any more. A step under way for it is interrupted.
    void cancel(JobId job);

    /// The reader has paused, resumed or caught up: looks at the job's channel again.
    void refresh(JobId job);

private:
    struct Job
    {
        JobId id;
        std::unique_ptr<Task> task;
        Scheduler &scheduler;
        std::chrono::microseconds busy = {};
    };
    using JobPtr = std::shared_ptr<Job>;

    void run();
    [[nodiscard]] bool waitUntilWanted();
    [[nodiscard]] std::unique_ptr<LoadedModel> loadNow();
    [[nodiscard]] bool reportProgress(double part);
    [[nodiscard]] bool becomeReady(const LoadedModel &model, std::chrono::milliseconds loadTime);
    void becomeFailed(std::chrono::milliseconds loadTime, const Error &error);
    [[nodiscard]] JobPtr nextJob();
    [[nodiscard]] JobId planned();
    void advance(Job &job, LoadedModel &model);
    [[nodiscard]] Task::Progress step(Job &job, LoadedModel &model);
    void free(std::unique_ptr<LoadedModel> model);

    // With the lock held:
    [[nodiscard]] bool isLeaving() const { return m_isStopping || m_isUnloading; }
    void beginToLoad();
    void failAll(const Error &error);

    const EngineOptions m_options;
    Log &m_log;
    const std::function<void()> m_statusChanged;
    std::atomic<bool> m_interrupted =
        false; ///< What is being computed is not wanted; written with the lock held.

    mutable std::mutex m_mutex; ///< Guards all below, but for the thread.
    std::condition_variable m_wake;
    Scheduler m_answers;
    Scheduler m_embeddings;
    bool m_embeddingsFirst = false; ///< Whose turn it is.
    std::unordered_map<JobId, JobPtr> m_jobs;
    std::vector<JobPtr> m_dropped; ///< Not wanted any more; they die in the worker's thread.
    EngineStatus m_status;
    JobId m_lastId = 0;
    JobId m_running = 0;
    bool m_isWanted = false;    ///< The model is to be loaded, or to stay so.
    bool m_isUnloading = false; ///< What is loaded, or being loaded, is to be freed first.
    bool m_isStopping = false;
    std::thread m_thread; ///< Last: it uses everything above.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_worker.h"

#include "engine/answer.h"
#include "engine/embedding.h"
#include "engine/llama/llama_log.h"
#include "engine/loaded_model.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>

namespace gatehouse {

namespace {

constexpr int niceWhileLoading = 10;

using Milliseconds = std::chrono::milliseconds;
using std::chrono::duration_cast;
using std::chrono::steady_clock;

Error leaving()
{
    return {.code = ErrorCode::Overloaded, .message = QStringLiteral("The model is being unloaded.")};
}

std::unique_ptr<Task> makeTask(ChatRequest request, std::shared_ptr<AnswerChannel> channel)
{
    if (auto *input = std::get_if<EmbeddingInput>(&request.input))
        return std::make_unique<Embedding>(std::move(*input), std::move(channel));
    return std::make_unique<Answer>(std::move(request), std::move(channel));
}

} // namespace

EngineWorker::EngineWorker(EngineOptions options, Log &log, std::function<void()> statusChanged)
    : m_options(std::move(options))
    , m_log(log)
    , m_statusChanged(std::move(statusChanged))
    , m_answers(1, std::max(1, m_options.queueLimit))
    , m_embeddings(1, std::max(1, m_options.queueLimit))
    , m_thread([this] { run(); })
{}

EngineWorker::~EngineWorker()
{
    stop();
}

bool EngineWorker::load()
{
    {
        const std::scoped_lock lock(m_mutex);
        if (m_isWanted || m_isStopping)
            return false;
        beginToLoad();
    }
    m_statusChanged();
    return true;
}

void EngineWorker::beginToLoad()
{
    m_isWanted = true;
    m_status = {.state = EngineState::Loading};
    m_wake.notify_one();
}

bool EngineWorker::unload()
{
    {
        const std::scoped_lock lock(m_mutex);
        if (m_status.state == EngineState::Idle || m_isStopping)
            return false;
        m_isUnloading = m_isUnloading || m_isWanted;
        m_isWanted = false;
        m_interrupted = true;
        m_status = {};
        failAll(leaving());
    }
    m_wake.notify_one();
    m_statusChanged();
    return true;
}

void EngineWorker::stop()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_isStopping = true;
        m_interrupted = true;
        failAll(leaving());
    }
    m_wake.notify_one();
    if (m_thread.joinable())
        m_thread.join();
}

EngineStatus EngineWorker::status() const
{
    const std::scoped_lock lock(m_mutex);
    return m_status;
}

int EngineWorker::waiting() const
{
    const std::scoped_lock lock(m_mutex);
    return m_answers.waiting() + m_embeddings.waiting();
}

JobId EngineWorker::submit(ChatRequest request, std::shared_ptr<AnswerChannel> channel)
{
    Scheduler &scheduler = std::holds_alternative<EmbeddingInput>(request.input) ? m_embeddings : m_answers;
    std::unique_ptr<Task> task = makeTask(std::move(request), std::move(channel));
    std::unique_lock lock(m_mutex);
    if (m_isStopping) {
        task->fail(leaving());
        return 0;
    }
    if (m_status.state == EngineState::Failed) {
        task->fail(*m_status.error);
        return 0;
    }
    if (!scheduler.submit(m_lastId + 1)) {
        task->fail({.code = ErrorCode::Overloaded,
                    .message = QStringLiteral("Too many requests wait for this model."),
                    .retryAfter = scheduler.retryAfter()});
        return 0;
    }
    const JobId id = ++m_lastId;
    m_jobs.emplace(id, std::make_shared<Job>(Job{id, std::move(task), scheduler}));
    const bool mustLoad = !m_isWanted;
    if (mustLoad)
        beginToLoad();
    lock.unlock();
    m_wake.notify_one();
    if (mustLoad)
        m_statusChanged();
    return id;
}

void EngineWorker::cancel(JobId job)
{
    const std::scoped_lock lock(m_mutex);
    const auto found = m_jobs.find(job);
    if (found == m_jobs.end())
        return;
    found->second->scheduler.finish(job, duration_cast<Milliseconds>(found->second->busy));
    m_dropped.push_back(std::move(found->second));
    m_jobs.erase(found);
    if (m_running == job)
        m_interrupted = true;
}

void EngineWorker::refresh(JobId job)
{
    {
        const std::scoped_lock lock(m_mutex);
        if (const auto found = m_jobs.find(job); found != m_jobs.end())
            found->second->scheduler.setBlocked(job, found->second->task->channel().congested());
    }
    m_wake.notify_one();
}

void EngineWorker::run()
{
    pthread_setname_np(pthread_self(), "engine");
    LlamaLog llamaLog(m_log);
    while (waitUntilWanted()) {
        std::unique_ptr<LoadedModel> model = loadNow();
        while (const JobPtr job = model ? nextJob() : nullptr)
            advance(*job, *model);
        free(std::move(model));
    }
    free(nullptr);
}

/// False: the end.
bool EngineWorker::waitUntilWanted()
{
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, [this] { return m_isStopping || m_isWanted; });
    m_isUnloading = false; // nothing is loaded
    m_interrupted = m_isStopping;
    return !m_isStopping;
}

/// Null: it failed, or is not wanted any more.
std::unique_ptr<LoadedModel> EngineWorker::loadNow()
{
    const auto begun = steady_clock::now();
    Result<std::unique_ptr<LoadedModel>> model = Error{};
    // In a thread of its own, because only a thread that ends gives its lower rank back: lanes must go on
    // ticking on a machine with fewer cores than models.
    std::thread([&] {
        LlamaLog llamaLog(m_log); // Hears the thread that made it.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceWhileLoading);
        model = LoadedModel::load(
            m_options, llamaLog, [this](double part) { return reportProgress(part); }, m_interrupted);
    }).join();
    const auto loadTime = duration_cast<Milliseconds>(steady_clock::now() - begun);
    if (!model) {
        becomeFailed(loadTime, model.error());
        return nullptr;
    }
    if (!becomeReady(**model, loadTime)) {
        free(std::move(model).value());
        return nullptr;
    }
    return std::move(model).value();
}

bool EngineWorker::reportProgress(double part)
{
    {
        const std::scoped_lock lock(m_mutex);
        if (isLeaving())
            return false;
        if (part - m_status.loaded < 0.01)
            return true;
        m_status.loaded = part;
    }
    m_statusChanged();
    return true;
}

bool EngineWorker::becomeReady(const LoadedModel &model, Milliseconds loadTime)
{
    const EngineStatus status{.state = EngineState::Ready,
                              .loaded = 1,
                              .loadTime = loadTime,
                              .error = {},
                              .description = model.model().description(),
                              .parameters = model.model().parameters(),
                              .contextLength = model.plan().length,
                              .threads = model.plan().threads};
    {
        const std::scoped_lock lock(m_mutex);
        if (isLeaving())
            return false;
        m_status = status;
    }
    m_log.info("model loaded", {{"model", m_options.name},
                                {"description", status.description},
                                {"context", qint64(status.contextLength)},
                                {"threads", qint64(status.threads)},
                                {"ms", qint64(loadTime.count())}});
    m_statusChanged();
    return true;
}

void EngineWorker::becomeFailed(Milliseconds loadTime, const Error &error)
{
    {
        const std::scoped_lock lock(m_mutex);
        if (isLeaving())
            return;
        m_isWanted = false;
        m_status = {.state = EngineState::Failed, .loadTime = loadTime, .error = error};
        failAll(error);
    }
    m_log.error("model not loaded", {{"model", m_options.name}, {"reason", error.detail.toUtf8()}});
    m_statusChanged();
}

/// The one under way tells its own end when its step is over: advance().
void EngineWorker::failAll(const Error &error)
{
    std::erase_if(m_jobs, [&](auto &entry) {
        auto &[id, job] = entry;
        if (id == m_running)
            return false;
        job->task->fail(error);
        job->scheduler.finish(id);
        m_dropped.push_back(std::move(job));
        return true;
    });
}

/// Waits for something to do; null: the model is to go.
EngineWorker::JobPtr EngineWorker::nextJob()
{
    std::unique_lock lock(m_mutex);
    while (!isLeaving()) {
        m_dropped.clear();
        m_running = planned();
        if (m_running != 0) {
            m_interrupted = false;
            return m_jobs.at(m_running);
        }
        m_wake.wait(lock);
    }
    return nullptr;
}

/// The job whose turn it is, or 0.
JobId EngineWorker::planned()
{
    m_embeddingsFirst = !m_embeddingsFirst;
    for (const bool embeddings : {m_embeddingsFirst, !m_embeddingsFirst}) {
        const std::vector<Scheduler::Turn> turns = (embeddings ? m_embeddings : m_answers).plan();
        if (!turns.empty())
            return turns.front().job;
    }
    return 0;
}

void EngineWorker::advance(Job &job, LoadedModel &model)
{
    const auto begun = steady_clock::now();
    const Task::Progress progress = step(job, model);
    const auto busy = duration_cast<std::chrono::microseconds>(steady_clock::now() - begun);

    const std::scoped_lock lock(m_mutex);
    m_running = 0;
    job.busy += busy;
    const auto found = m_jobs.find(job.id);
    if (found == m_jobs.end()) // cancelled meanwhile
        return;
    const bool isCutOff = isLeaving() && progress != Task::Progress::Done;
    if (isCutOff)
        job.task->fail(leaving());
    if (isCutOff || progress == Task::Progress::Done) {
        job.scheduler.finish(job.id, duration_cast<Milliseconds>(job.busy));
        m_jobs.erase(found);
        return;
    }
    job.scheduler.setBlocked(job.id, job.task->channel().congested());
    if (progress == Task::Progress::Pausing)
        job.scheduler.pass(job.id);
}

/// No exception of the libraries below gets any further.
Task::Progress EngineWorker::step(Job &job, LoadedModel &model)
{
    Error error{.code = ErrorCode::Internal,
                .message = QStringLiteral("The model failed to compute the answer.")};
    try {
        return job.task->step(model);
    } catch (const std::exception &exception) {
        error.detail = QString::fromUtf8(exception.what());
    }
    m_log.warning("answer failed", {{"model", m_options.name}, {"reason", error.detail.toUtf8()}});
    job.task->fail(error);
    return Task::Progress::Done;
}

/// Takes its time; nobody waits for the lock meanwhile.
void EngineWorker::free(std::unique_ptr<LoadedModel> model)
{
    std::vector<JobPtr> dropped;
    {
        const std::scoped_lock lock(m_mutex);
        dropped.swap(m_dropped);
    }
    dropped.clear(); // first, because tasks refer to the model
    if (!model)
        return;
    model.reset();
#ifdef __GLIBC__
    malloc_trim(0); // or the allocator would keep the memory of smaller models
#endif
    m_log.info("model unloaded", {{"model", m_options.name}});
}

} // namespace gatehouse

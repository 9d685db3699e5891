// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_worker.h"

#include "engine/answer.h"
#include "engine/llama/llama_log.h"

#include <pthread.h>

#include <array>
#include <exception>

namespace gatehouse {

namespace {

using Milliseconds = std::chrono::milliseconds;
using std::chrono::duration_cast;
using std::chrono::steady_clock;

Error leaving()
{
    return {.code = ErrorCode::Overloaded, .message = QStringLiteral("The model is being unloaded.")};
}

Error notLoaded(const QString &reason)
{
    return {.code = ErrorCode::UpstreamUnreachable,
            .message = QStringLiteral("The model could not be loaded."),
            .detail = reason};
}

} // namespace

EngineWorker::EngineWorker(EngineOptions options, Log &log, std::function<void()> statusChanged)
    : m_options(std::move(options))
    , m_log(log)
    , m_statusChanged(std::move(statusChanged))
    , m_scheduler(1, std::max(1, m_options.queueLimit))
{}

EngineWorker::~EngineWorker()
{
    stop();
}

void EngineWorker::start()
{
    {
        const std::scoped_lock lock(m_mutex);
        if (m_thread.joinable() || m_isStopping)
            return;
        m_status.state = EngineState::Loading;
    }
    m_thread = std::thread([this] { run(); });
    m_statusChanged();
}

void EngineWorker::stop()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_isStopping = true;
        if (m_context)
            m_context->setInterrupted(true);
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
    failAll(leaving());
}

EngineStatus EngineWorker::status() const
{
    const std::scoped_lock lock(m_mutex);
    return m_status;
}

JobId EngineWorker::submit(ChatRequest request, std::shared_ptr<AnswerChannel> channel)
{
    auto job = std::make_shared<Job>();
    job->answer = std::make_unique<Answer>(std::move(request), std::move(channel));
    std::unique_lock lock(m_mutex);
    if (m_isStopping) {
        job->answer->fail(leaving());
    } else if (m_status.state == EngineState::Failed) {
        job->answer->fail(*m_status.error);
    } else if (const JobId id = m_lastId + 1; m_scheduler.submit(id)) {
        m_lastId = id;
        m_jobs.emplace(id, std::move(job));
        lock.unlock();
        m_wake.notify_one();
        return id;
    } else {
        job->answer->fail({.code = ErrorCode::Overloaded,
                           .message = QStringLiteral("Too many requests wait for this model."),
                           .retryAfter = m_scheduler.retryAfter()});
    }
    return 0;
}

void EngineWorker::cancel(JobId job)
{
    const std::scoped_lock lock(m_mutex);
    const auto found = m_jobs.find(job);
    if (found == m_jobs.end())
        return;
    m_scheduler.finish(job, duration_cast<Milliseconds>(found->second->busy));
    m_dropped.push_back(std::move(found->second));
    m_jobs.erase(found);
    if (m_running == job)
        m_context->setInterrupted(true);
}

void EngineWorker::refresh(JobId job)
{
    {
        const std::scoped_lock lock(m_mutex);
        if (const auto found = m_jobs.find(job); found != m_jobs.end())
            m_scheduler.setBlocked(job, found->second->answer->channel().congested());
    }
    m_wake.notify_one();
}

void EngineWorker::run()
{
    pthread_setname_np(pthread_self(), "engine");
    LlamaLog llamaLog(m_log);
    if (load(llamaLog)) {
        while (const JobPtr job = nextJob())
            advance(*job);
    }
    failAll(m_isStopping ? leaving() : status().error.value_or(leaving()));
    const std::scoped_lock lock(m_mutex);
    m_dropped.clear(); // first, because answers refer to the model
    m_context.reset();
    m_chatTemplate.reset();
    m_model.reset();
}

bool EngineWorker::load(LlamaLog &llamaLog)
{
    const auto begun = steady_clock::now();
    Result<void> loaded;
    try {
        loaded = prepare(llamaLog);
    } catch (const std::exception &exception) {
        loaded = notLoaded(QString::fromUtf8(exception.what()));
    }
    const auto loadTime = duration_cast<Milliseconds>(steady_clock::now() - begun);
    if (loaded)
        becomeReady(loadTime);
    else
        becomeFailed(loadTime, loaded.error());
    return loaded.has_value();
}

Result<void> EngineWorker::prepare(LlamaLog &llamaLog)
{
    Result<std::unique_ptr<Model>> model =
        Model::load(m_options, llamaLog, [this](double part) { return reportProgress(part); });
    if (!model)
        return std::move(model).error();
    m_model = std::move(model).value();
    m_chatTemplate = std::make_unique<ChatTemplate>(m_model->handle());
    Result<std::unique_ptr<Context>> context = Context::make(*m_model, m_options, llamaLog);
    if (!context)
        return std::move(context).error();
    {
        const std::scoped_lock lock(m_mutex);
        m_context = std::move(context).value();
        m_context->setInterrupted(m_isStopping);
    }
    // The first step touches every weight: a mapped file is read now and not during the first answer.
    const std::array<Token, 1> first = {0};
    if (m_context->advance(first) != Context::Outcome::Advanced)
        return notLoaded(llamaLog.takeError());
    return {};
}

bool EngineWorker::reportProgress(double part)
{
    {
        const std::scoped_lock lock(m_mutex);
        if (part - m_status.loaded < 0.01)
            return !m_isStopping;
        m_status.loaded = part;
    }
    m_statusChanged();
    return !m_isStopping;
}

void EngineWorker::becomeReady(Milliseconds loadTime)
{
    EngineStatus status{.state = EngineState::Ready, .loaded = 1, .loadTime = loadTime};
    status.description = m_model->description();
    status.parameters = m_model->parameters();
    status.contextLength = m_context->length();
    status.threads = m_context->threads();
    {
        const std::scoped_lock lock(m_mutex);
        m_status = status;
    }
    m_log.info("model loaded", {{"model", m_options.name},
                                {"description", status.description},
                                {"context", qint64(status.contextLength)},
                                {"threads", qint64(status.threads)},
                                {"ms", qint64(loadTime.count())}});
    m_statusChanged();
}

void EngineWorker::becomeFailed(Milliseconds loadTime, const Error &error)
{
    {
        const std::scoped_lock lock(m_mutex);
        m_status.state = EngineState::Failed;
        m_status.loadTime = loadTime;
        m_status.error = error;
    }
    if (!m_isStopping)
        m_log.error("model not loaded", {{"model", m_options.name}, {"reason", error.detail.toUtf8()}});
    m_statusChanged();
}

void EngineWorker::failAll(const Error &error)
{
    const std::scoped_lock lock(m_mutex);
    for (auto &[id, job] : m_jobs) {
        job->answer->fail(error);
        m_scheduler.finish(id);
        m_dropped.push_back(std::move(job));
    }
    m_jobs.clear();
}

/// Waits for something to do; null: the end.
EngineWorker::JobPtr EngineWorker::nextJob()
{
    std::unique_lock lock(m_mutex);
    while (!m_isStopping) {
        m_dropped.clear();
        const std::vector<Scheduler::Turn> turns = m_scheduler.plan();
        if (!turns.empty()) {
            m_running = turns.front().job;
            m_context->setInterrupted(false);
            return m_jobs.at(m_running);
        }
        m_wake.wait(lock);
    }
    return nullptr;
}

void EngineWorker::advance(Job &job)
{
    const auto begun = steady_clock::now();
    const bool goesOn = step(job);
    const auto busy = duration_cast<std::chrono::microseconds>(steady_clock::now() - begun);

    const std::scoped_lock lock(m_mutex);
    const JobId id = std::exchange(m_running, 0);
    job.busy += busy;
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end()) // cancelled meanwhile
        return;
    if (goesOn) {
        m_scheduler.setBlocked(id, job.answer->channel().congested());
    } else {
        m_scheduler.finish(id, duration_cast<Milliseconds>(job.busy));
        m_jobs.erase(found);
    }
}

/// Whether the job goes on. No exception of the libraries below gets any further.
bool EngineWorker::step(Job &job)
{
    Error error{.code = ErrorCode::Internal,
                .message = QStringLiteral("The model failed to compute the answer.")};
    try {
        return job.answer->step({*m_model, *m_chatTemplate, *m_context, m_options.name});
    } catch (const std::exception &exception) {
        error.detail = QString::fromUtf8(exception.what());
    }
    m_log.warning("answer failed", {{"model", m_options.name}, {"reason", error.detail.toUtf8()}});
    job.answer->fail(error);
    return false;
}

} // namespace gatehouse

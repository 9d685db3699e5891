// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store_reader.h"

#include "store/store_thread.h"

#include <QCoreApplication>

namespace gatehouse {

StoreReader::StoreReader(DatabaseTarget target, StoreWriter &writer, Questions questions)
    : m_target(std::move(target))
    , m_writer(writer)
    , m_questions(questions)
{}

StoreReader::~StoreReader()
{
    if (!m_thread.joinable())
        return;
    {
        const std::lock_guard lock(m_mutex);
        m_isClosing = true;
    }
    m_wake.notify_one();
    m_thread.join();
    for (const StoreTask &task : m_tasks)
        task.deliver(databaseAway());
}

void StoreReader::start()
{
    m_thread = std::thread([this] { runThread(); });
}

void StoreReader::enqueue(StoreTask task)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_tasks.size() < m_questions.mostWaiting) {
            m_tasks.push_back(std::move(task));
            m_wake.notify_one();
            return;
        }
    }
    task.deliver(Error{.code = ErrorCode::Overloaded,
                       .message = QCoreApplication::translate("Store", "Too many questions are waiting."),
                       .retryAfter = std::chrono::seconds(2)});
}

void StoreReader::runThread()
{
    becomeStoreThread(m_questions.thread);
    while (auto task = nextTask())
        task->deliver(serve(*task));
    m_database.reset();
}

std::optional<StoreTask> StoreReader::nextTask()
{
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, [this] { return m_isClosing || !m_tasks.empty(); });
    if (m_isClosing)
        return std::nullopt;
    StoreTask task = std::move(m_tasks.front());
    m_tasks.pop_front();
    return task;
}

Result<void> StoreReader::serve(const StoreTask &task)
{
    if (m_questions.afterTheLedger)
        m_writer.letRowsArrive();
    // A connection may have died unused; the second attempt has a fresh one.
    Result<void> done;
    for (int attempt = 0; attempt < 2; ++attempt) {
        done = m_database ? Result<void>() : connect();
        if (done)
            done = m_database->inSnapshot([&] { return task.run(*m_database); });
        if (done || done.error().code != ErrorCode::Overloaded)
            return done;
        m_database.reset();
    }
    return done;
}

Result<void> StoreReader::connect()
{
    // Attempts that take long are the writer's affair.
    if (m_writer.isAway())
        return databaseAway();
    auto opened = Database::open(m_target);
    if (!opened)
        return std::move(opened).error();
    m_database = *std::move(opened);
    return {};
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_writer.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

namespace gatehouse {

using namespace std::chrono_literals;

namespace {

constexpr auto longestFlush = 1s;
constexpr qsizetype keptCapacity = 64 * 1024; // More is given back after a burst.

// Signals are for the threads that expect them; and a reader that has gone must not end the program
// (SIGPIPE).
void blockSignals()
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void writeAll(int descriptor, QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), static_cast<std::size_t>(bytes.size()));
        if (written > 0)
            bytes = bytes.sliced(written);
        else if (errno != EINTR)
            return; // There is nowhere to tell it.
    }
}

} // namespace

class LogWriter::Queue
{
public:
    Queue(int descriptor, LogFormat format, qsizetype maxBytes)
        : m_descriptor(descriptor)
        , m_format(format)
        , m_maxBytes(maxBytes)
    {}

    void append(QByteArrayView line, WallTime time)
    {
        const std::lock_guard lock(m_mutex);
        if (m_waiting.size() + line.size() > m_maxBytes) {
            ++m_dropped;
            m_droppedAt = time;
            return;
        }
        const bool wasEmpty = m_waiting.isEmpty();
        m_waiting.append(line);
        if (wasEmpty)
            m_changed.notify_all();
    }

    void run()
    {
        blockSignals();
        QByteArray batch;
        while (takeBatch(batch)) {
            writeAll(m_descriptor, batch);
            batch.resize(0);
            if (batch.capacity() > keptCapacity)
                batch = QByteArray();
        }
    }

    // Whether everything was written in time.
    bool stop()
    {
        std::unique_lock lock(m_mutex);
        m_isStopping = true;
        m_changed.notify_all();
        return m_changed.wait_for(lock, longestFlush, [this] { return m_isDone; });
    }

private:
    bool takeBatch(QByteArray &batch)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_isStopping || !m_waiting.isEmpty(); });
        if (m_waiting.isEmpty()) {
            m_isDone = true;
            m_changed.notify_all();
            return false;
        }
        batch.swap(m_waiting);
        const qint64 dropped = std::exchange(m_dropped, 0);
        lock.unlock();
        if (dropped > 0) { // What was dropped came after what had still found room.
            const LogField count{"count", dropped};
            appendLogLine(batch, m_format,
                          {m_droppedAt, LogLevel::Warning, "log lines dropped", {&count, 1}});
        }
        return true;
    }

    const int m_descriptor;
    const LogFormat m_format;
    const qsizetype m_maxBytes;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    QByteArray m_waiting;
    qint64 m_dropped = 0;
    WallTime m_droppedAt;
    bool m_isStopping = false;
    bool m_isDone = false;
};

LogWriter::LogWriter(const LogOptions &options, const Clock &clock)
    : m_format(options.format)
    , m_clock(clock)
    , m_level(options.level)
    , m_queue(std::make_shared<Queue>(options.descriptor, options.format, options.maxQueueBytes))
{
    std::thread([queue = m_queue] { queue->run(); }).detach();
}

LogWriter::~LogWriter()
{
    m_queue->stop();
}

void LogWriter::write(LogLevel level, const char *event, std::span<const LogField> fields)
{
    if (level < m_level.load(std::memory_order_relaxed))
        return;
    const WallTime time = m_clock.wallNow();
    thread_local QByteArray line; // Keeps its memory from line to line.
    line.resize(0);
    appendLogLine(line, m_format, {time, level, event, fields});
    m_queue->append(line, time);
}

} // namespace gatehouse

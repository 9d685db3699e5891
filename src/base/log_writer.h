// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/log_format.h"

#include <atomic>
#include <memory>

namespace gatehouse {

struct LogOptions
{
    int descriptor = 2; ///< Where the lines go; stays open as long as the writer lives, and is not closed.
    LogFormat format = LogFormat::Json;
    LogLevel level = LogLevel::Info;           ///< The least that is written.
    qsizetype maxQueueBytes = 4 * 1024 * 1024; ///< Of lines that wait for the writer.
};

/// The Log of the program: lines are made in the caller's thread and written by a thread of its own. When the
/// reader of the pipe or the disk is slower than the callers, lines are dropped, and the next line that gets
/// through is preceded by one that says how many (`log lines dropped`).
///
/// Thread-safe, as every Log.
class LogWriter final : public Log
{
public:
    /// `clock` must outlive the writer.
    LogWriter(const LogOptions &options, const Clock &clock);

    /// Writes what is queued, for a second at most; what is stuck by then is lost.
    ~LogWriter() override;

    void write(LogLevel level, const char *event, std::span<const LogField> fields) override;

    void setLevel(LogLevel level) { m_level = level; }
    [[nodiscard]] LogLevel level() const { return m_level; }

private:
    class Queue;

    const LogFormat m_format;
    const Clock &m_clock;
    std::atomic<LogLevel> m_level;
    std::shared_ptr<Queue> m_queue; ///< Shared with the thread, which may hang in a write for ever.
};

} // namespace gatehouse

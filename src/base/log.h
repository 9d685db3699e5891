// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <initializer_list>
#include <span>
#include <variant>

namespace gatehouse {

enum class LogLevel { Debug, Info, Warning, Error };

/// One member of a log line. `name` is a literal; text is UTF-8 and may hold anything (it is escaped, and cut
/// at 2 KiB). Credentials and message texts never go in.
struct LogField
{
    const char *name;
    std::variant<qint64, double, bool, QByteArray> value;
};

/// Where events worth telling go: one line an event. Thread-safe; never blocks the caller, whatever the disk
/// or the reader of the pipe does.
class Log
{
public:
    virtual ~Log() = default;

    /// `event` is a short literal in the past tense or a noun (`request`, `listening`, `route down`).
    virtual void write(LogLevel level, const char *event, std::span<const LogField> fields) = 0;

    void debug(const char *event, std::initializer_list<LogField> f = {})
    {
        write(LogLevel::Debug, event, {f.begin(), f.size()});
    }
    void info(const char *event, std::initializer_list<LogField> f = {})
    {
        write(LogLevel::Info, event, {f.begin(), f.size()});
    }
    void warning(const char *event, std::initializer_list<LogField> f = {})
    {
        write(LogLevel::Warning, event, {f.begin(), f.size()});
    }
    void error(const char *event, std::initializer_list<LogField> f = {})
    {
        write(LogLevel::Error, event, {f.begin(), f.size()});
    }
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/log.h"

namespace gatehouse {

enum class LogFormat {
    Json,         ///< `{"ts":"2026-01-31T12:00:00.123Z","level":"info","event":"request","status":200}`
    Text,         ///< `2026-01-31T12:00:00.123Z INFO  request status=200`
    ColouredText, ///< The same with ANSI colours, for a terminal.
};

/// What one line tells.
struct LogLine
{
    WallTime time;
    LogLevel level;
    const char *event;
    std::span<const LogField> fields;
};

/// Appends the line and its line end. Whatever the fields hold, it is exactly one line of valid UTF-8 without
/// control characters: text is escaped as in JSON, bytes that are no UTF-8 become U+FFFD, and text over 2 KiB
/// is cut and ends in `…`. Numbers that JSON can't hold become null.
void appendLogLine(QByteArray &out, LogFormat format, const LogLine &line);

/// `debug`, `info`, `warning`, `error`.
[[nodiscard]] const char *logLevelName(LogLevel level);

} // namespace gatehouse

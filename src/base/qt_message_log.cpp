// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/qt_message_log.h"

#include <QString>

#include <array>
#include <cstdio>
#include <mutex>
#include <shared_mutex>

namespace gatehouse {

namespace {

// Qt's handler is a plain function, so its target has to be global. The lock keeps the log from going away
// while another thread is in the middle of a message.
std::shared_mutex targetLock;
Log *target = nullptr;

LogLevel levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return LogLevel::Debug;
    case QtInfoMsg:
        return LogLevel::Info;
    case QtWarningMsg:
        return LogLevel::Warning;
    case QtCriticalMsg:
    case QtFatalMsg:
        break;
    }
    return LogLevel::Error;
}

void handle(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    thread_local bool isInside = false; // A log that warns by Qt must not come back here.
    if (isInside)
        return;
    isInside = true;
    const QByteArray text = message.toUtf8();
    if (type == QtFatalMsg) // Qt aborts next; a line in the queue would be lost.
        std::fprintf(stderr, "%s\n", text.constData());
    {
        const std::shared_lock lock(targetLock);
        const std::array<LogField, 2> fields = {LogField{"category", QByteArray(context.category)},
                                                LogField{"message", text}};
        if (target)
            target->write(levelOf(type), "qt", fields);
    }
    isInside = false;
}

} // namespace

QtMessageLog::QtMessageLog(Log &log)
{
    {
        const std::unique_lock lock(targetLock);
        target = &log;
    }
    m_previous = qInstallMessageHandler(handle);
}

QtMessageLog::~QtMessageLog()
{
    qInstallMessageHandler(m_previous);
    const std::unique_lock lock(targetLock);
    target = nullptr;
}

} // namespace gatehouse

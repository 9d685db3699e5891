// SPDX-License-Identifier: GPL-3.0-or-later
#include "metrics/process_usage.h"

#include <QByteArrayList>
#include <QFile>

#include <sys/resource.h>
#include <unistd.h>

namespace gatehouse {

ProcessUsage processUsage()
{
    ProcessUsage usage;
    QFile statm(QStringLiteral("/proc/self/statm"));
    if (statm.open(QIODevice::ReadOnly)) {
        const QByteArrayList pages = statm.readAll().split(' ');
        if (pages.size() > 1)
            usage.residentBytes = pages.at(1).toLongLong() * sysconf(_SC_PAGESIZE);
    }
    rusage times{};
    if (getrusage(RUSAGE_SELF, &times) == 0) {
        const auto seconds = [](const timeval &t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        usage.cpuSeconds = seconds(times.ru_utime) + seconds(times.ru_stime);
    }
    return usage;
}

double CpuMeter::percent(double cpuSeconds, std::chrono::steady_clock::time_point now)
{
    if (const double elapsed = std::chrono::duration<double>(now - m_lastLook).count(); elapsed > 0.1) {
        m_percent = 100 * (cpuSeconds - m_lastSeconds) / elapsed;
        m_lastLook = now;
        m_lastSeconds = cpuSeconds;
    }
    return m_percent;
}

} // namespace gatehouse

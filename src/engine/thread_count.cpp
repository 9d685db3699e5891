// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/thread_count.h"

#include <QFile>

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace gatehouse {

namespace {

constexpr qint64 smallModel = 16'000'000;

QByteArray firstLine(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readLine(256).trimmed() : QByteArray();
}

/// The quota of control groups v2 in processors ("max 100000" or "150000 100000", in µs).
std::optional<int> quota()
{
    const QList<QByteArray> words = firstLine(QStringLiteral("/sys/fs/cgroup/cpu.max")).split(' ');
    if (words.size() != 2)
        return {};
    bool isNumber = false;
    const double allowed = words[0].toDouble(&isNumber);
    const double period = words[1].toDouble();
    if (!isNumber || period <= 0)
        return {};
    return std::max(1, static_cast<int>(std::ceil(allowed / period)));
}

} // namespace

ProcessorCount availableProcessors()
{
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (sched_getaffinity(0, sizeof usable, &usable) != 0)
        return {};
    std::set<QByteArray> cores; // the list of a core's logical processors names the core
    ProcessorCount count{.cores = 0, .threads = 0};
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &usable))
            continue;
        ++count.threads;
        const QByteArray siblings =
            firstLine(QStringLiteral("/sys/devices/system/cpu/cpu%1/topology/thread_siblings_list").arg(cpu));
        cores.insert(siblings.isEmpty() ? QByteArray::number(cpu) : siblings);
    }
    count.cores = static_cast<int>(cores.size());
    if (const std::optional<int> limit = quota()) {
        count.threads = std::min(count.threads, *limit);
        count.cores = std::min(count.cores, *limit);
    }
    return count;
}

int suitableThreads(ProcessorCount processors, qint64 parameters)
{
    if (parameters < smallModel)
        return 1;
    if (processors.threads <= 2)
        return std::max(1, processors.threads);
    return std::clamp(processors.cores - 1, 2, 8);
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFile>

#include <unistd.h>

#include <optional>

namespace gatehouse {

/// Resident memory of this process in bytes; unset where a sanitizer or valgrind makes the figure
/// meaningless.
[[nodiscard]] inline std::optional<qint64> residentBytes()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return {};
#else
    if (qgetenv("LD_PRELOAD").contains("vgpreload"))
        return {};
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll().split(' ').value(1).toLongLong() * ::sysconf(_SC_PAGESIZE);
#endif
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_watch.h"

#include <QFileInfo>

#include <algorithm>

namespace gatehouse {

ConfigWatch::ConfigWatch(const QStringList &files)
{
    m_settling.setSingleShot(true);
    m_settling.setInterval(200);
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, &m_settling, qOverload<>(&QTimer::start));
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, &m_settling, qOverload<>(&QTimer::start));
    connect(&m_settling, &QTimer::timeout, this, &ConfigWatch::look);
    watch(files);
}

void ConfigWatch::watch(const QStringList &files)
{
    m_known.clear();
    QStringList paths;
    for (const QString &file : files) {
        m_known.insert(file, stampOf(file));
        paths << file << QFileInfo(file).absolutePath();
    }
    paths.removeDuplicates();
    const QStringList watched = m_watcher.files() + m_watcher.directories();
    if (!watched.isEmpty())
        m_watcher.removePaths(watched);
    if (!paths.isEmpty())
        m_watcher.addPaths(paths);
}

void ConfigWatch::look()
{
    const bool isChanged = std::any_of(m_known.keyBegin(), m_known.keyEnd(), [this](const QString &file) {
        return stampOf(file) != m_known.value(file);
    });
    if (isChanged)
        Q_EMIT changed();
}

ConfigWatch::Stamp ConfigWatch::stampOf(const QString &file)
{
    const QFileInfo info(file);
    return info.exists() ? Stamp{info.lastModified(), info.size()} : Stamp{};
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QFileSystemWatcher>
#include <QHash>
#include <QTimer>

namespace gatehouse {

/// Tells when one of the configuration's files was saved. Editors replace a file rather than write into it,
/// so the folders are watched, and times and sizes tell whether it was one of ours.
class ConfigWatch : public QObject
{
    Q_OBJECT
public:
    explicit ConfigWatch(const QStringList &files);

    /// Watches these from now on; how they are just now counts as known.
    void watch(const QStringList &files);

Q_SIGNALS:
    void changed();

private:
    void look();

    struct Stamp
    {
        QDateTime modified;
        qint64 size = -1;
        friend bool operator==(const Stamp &, const Stamp &) = default;
    };
    [[nodiscard]] static Stamp stampOf(const QString &file);

    QFileSystemWatcher m_watcher;
    QTimer m_settling; ///< A save is several changes in a row; only what it comes to matters.
    QHash<QString, Stamp> m_known;
};

} // namespace gatehouse

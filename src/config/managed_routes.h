// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/table/setting_value.h"

#include <QList>
#include <QString>

#include <utility>

namespace gatehouse {

/// A route that was made at run time, by its fields as [[routes]] has them (`url`, `timeouts.read_seconds`).
struct ManagedRoute
{
    QString key; ///< Lower case.
    QList<std::pair<QString, SettingValue>> fields = {};
};

/// The file that keeps them: `routes.toml` in the data directory, mode 0600, in the form of our own file's
/// [[routes]]. It is a source of settings like any other, below the operator's: a route of a key that is
/// written down elsewhere is left out, with a warning.
[[nodiscard]] QString managedRoutesFile(const QString &dataDir);

/// What the file holds; nothing where there is none. Errors: it can't be read, or is not what we write.
[[nodiscard]] Result<QList<ManagedRoute>> readManagedRoutes(const QString &file);

/// Writes all of them, so that after a crash it holds either what it held before or all of this. When it has
/// succeeded, it is on the disk. After an error the file is as it was, or it holds this and only the disk may
/// not.
[[nodiscard]] Result<void> writeManagedRoutes(const QString &file, const QList<ManagedRoute> &routes);

} // namespace gatehouse

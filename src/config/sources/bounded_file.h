// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QFileDevice>

namespace gatehouse {

/// A configuration file's text, and who else may read or change it.
struct BoundedFile
{
    QByteArray content;
    QFileDevice::Permissions permissions;
    bool isOwnedByRoot = false;
};

/// No configuration file may be longer than this, in bytes.
constexpr qint64 longestConfigFile = 1024 * 1024;

/// Reads a whole file. The error's message says why in a few words, without the path.
[[nodiscard]] Result<BoundedFile> readBoundedFile(const QString &path);

} // namespace gatehouse

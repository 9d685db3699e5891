// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite_backup.h"

#include "store/database.h"

#include <QCoreApplication>
#include <QFile>
#include <QTemporaryFile>

#include <unistd.h>

#include <cstdio>

namespace gatehouse {
namespace {

Error cannotCopy(const QString &detail)
{
    return {
        ErrorCode::Internal,
        QCoreApplication::translate("SqliteBackup", "The database could not be copied before its upgrade."),
        detail};
}

} // namespace

Result<void> backUpSqlite(const DatabaseTarget &target, qint64 version)
{
    const QString wanted = QStringLiteral("%1.before-%2").arg(target.file).arg(version);
    QTemporaryFile copy(wanted + QStringLiteral(".XXXXXX")); // Mode 0600; goes away if anything fails.
    if (!copy.open())
        return cannotCopy(copy.errorString());
    // By a connection of its own, for VACUUM can't run in the caller's transaction. It takes an empty file.
    auto reader = Database::open(target);
    if (!reader)
        return std::move(reader).error();
    if (auto copied = (*reader)->run(QStringLiteral("VACUUM INTO ?"), {copy.fileName()}); !copied)
        return std::move(copied).error();
    if (::fsync(copy.handle()) != 0 || std::rename(QFile::encodeName(copy.fileName()).constData(),
                                                   QFile::encodeName(wanted).constData()) != 0)
        return cannotCopy(qt_error_string());
    copy.setAutoRemove(false);
    return {};
}

} // namespace gatehouse

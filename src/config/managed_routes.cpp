// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/managed_routes.h"

#include "config/config_text.h"
#include "config/sources/bounded_file.h"
#include "config/sources/managed_source.h"
#include "config/sources/toml_source.h"

#include <QFileInfo>
#include <QSaveFile>

#include <fcntl.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr const char *preamble =
    R"(# Routes that were made by POST /api/routes. Gatehouse writes this file anew at each change; routes of your own
# belong into gatehouse.toml.
)";

Error failure(const QString &message, const QString &file, const QString &reason)
{
    return {.code = ErrorCode::Internal,
            .message = message,
            .detail = QStringLiteral("%1: %2").arg(file, reason)};
}

/// The routes in a text, if it is one of ours.
Result<QList<ManagedRoute>> parse(QByteArrayView text, const QString &file)
{
    const SourceContent content = readToml(text, {.origin = SettingOrigin::ManagedRoutes, .file = file});
    if (!content.mistakes.isEmpty())
        return Error{.code = ErrorCode::InvalidRequest, .message = content.mistakes.first().toString()};
    return managedRoutesOf(content);
}

QByteArray textOf(const QList<ManagedRoute> &routes)
{
    QString text = QString::fromLatin1(preamble);
    for (const ManagedRoute &route : routes) {
        text += QStringLiteral("\n[[routes]]\nkey = %1\n").arg(tomlText(route.key));
        for (const auto &[field, value] : route.fields)
            text += QStringLiteral("%1 = %2\n").arg(field, tomlText(value));
    }
    return text.toUtf8();
}

/// A name is on the disk once its folder is.
bool syncFolderOf(const QString &file)
{
    const QByteArray folder = QFile::encodeName(QFileInfo(file).absolutePath());
    const int descriptor = ::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool isDone = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return isDone;
}

} // namespace

QString managedRoutesFile(const QString &dataDir)
{
    return dataDir + QStringLiteral("/routes.toml");
}

Result<QList<ManagedRoute>> readManagedRoutes(const QString &file)
{
    const QString cantRead = ConfigText::tr("The routes that were made at run time can't be read");
    if (!QFileInfo::exists(file))
        return QList<ManagedRoute>();
    const Result<BoundedFile> read = readBoundedFile(file);
    if (!read)
        return failure(cantRead, file, read.error().message);
    Result<QList<ManagedRoute>> routes = parse(read->content, file);
    return routes ? routes : failure(cantRead, file, routes.error().message);
}

Result<void> writeManagedRoutes(const QString &file, const QList<ManagedRoute> &routes)
{
    const QString cantWrite = ConfigText::tr("The routes can't be written down");
    const QByteArray text = textOf(routes);
    // What can't be read again would be lost, and the next start with it.
    if (text.size() > longestConfigFile)
        return failure(cantWrite, file, ConfigText::tr("is longer than %1 bytes").arg(longestConfigFile));
    if (const auto again = parse(text, file); !again)
        return failure(cantWrite, file, again.error().message);

    QSaveFile save(file);
    const bool isWritten = save.open(QIODevice::WriteOnly) &&
                           save.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) &&
                           save.write(text) == text.size() && save.flush() && ::fsync(save.handle()) == 0 &&
                           save.commit();
    if (!isWritten)
        return failure(cantWrite, file, save.errorString());
    if (!syncFolderOf(file))
        return failure(ConfigText::tr("The routes are written down, but would be lost if the machine failed "
                                      "right now"),
                       file, qt_error_string());
    return {};
}

} // namespace gatehouse

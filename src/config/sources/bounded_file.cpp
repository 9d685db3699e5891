// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/sources/bounded_file.h"

#include "config/config_text.h"

#include <QFile>
#include <QFileInfo>

namespace gatehouse {

Result<BoundedFile> readBoundedFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return Error{.code = ErrorCode::NotFound,
                     .message = ConfigText::tr("can't be read: %1").arg(file.errorString())};
    BoundedFile read{
        .content = {}, .permissions = file.permissions(), .isOwnedByRoot = QFileInfo(file).ownerId() == 0};
    // A pipe gives its bytes in pieces and knows no size.
    while (read.content.size() <= longestConfigFile) {
        const QByteArray piece = file.read(longestConfigFile + 1 - read.content.size());
        if (piece.isEmpty())
            break;
        read.content += piece;
    }
    if (file.error() != QFileDevice::NoError)
        return Error{.code = ErrorCode::NotFound,
                     .message = ConfigText::tr("can't be read: %1").arg(file.errorString())};
    if (read.content.size() > longestConfigFile)
        return Error{.code = ErrorCode::PayloadTooLarge,
                     .message = ConfigText::tr("is longer than %1 bytes").arg(longestConfigFile)};
    return read;
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QTemporaryDir>

namespace gatehouse {

/// Self-signed certificates, made by the `openssl` tool when they are asked for.
class TlsFiles
{
public:
    /// Makes `name`.pem and `name`.key for that common name; false where the tool is missing.
    [[nodiscard]] bool make(const QString &name);

    [[nodiscard]] QString certificate(const QString &name) const
    {
        return m_dir.filePath(name + QStringLiteral(".pem"));
    }
    [[nodiscard]] QString key(const QString &name) const
    {
        return m_dir.filePath(name + QStringLiteral(".key"));
    }

private:
    QTemporaryDir m_dir;
};

} // namespace gatehouse

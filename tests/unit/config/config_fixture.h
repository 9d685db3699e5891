// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/settings_loader.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>

namespace gatehouse {

/// Sources in a folder of their own: nothing of the machine that the test runs on shines through.
class ConfigFixture
{
public:
    ConfigFixture()
    {
        sources.workingDirectory = path(QStringLiteral("work"));
        sources.systemConfigDirectory = path(QStringLiteral("etc"));
        sources.hasEngine = true;
        QDir().mkpath(sources.workingDirectory);
        QDir().mkpath(sources.systemConfigDirectory);
    }

    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }

    /// Gives the file's full name.
    QString write(const QString &name, const QByteArray &content,
                  QFileDevice::Permissions permissions = QFileDevice::ReadOwner | QFileDevice::WriteOwner)
    {
        const QString full = path(name);
        QDir().mkpath(QFileInfo(full).path());
        QFile file(full);
        const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
        file.close();
        if (!isWritten || !file.setPermissions(permissions))
            qFatal("can't write %s", qPrintable(full));
        return full;
    }
    QString writeConfig(const QByteArray &content)
    {
        return write(QStringLiteral("etc/gatehouse.toml"), content);
    }
    QString writeSecrets(const QByteArray &content)
    {
        return write(QStringLiteral("etc/secrets.toml"), content);
    }
    QString writeDotEnv(const QByteArray &content) { return write(QStringLiteral("work/.env"), content); }
    void setVariable(const char *name, const char *value)
    {
        sources.environment.insert(QString::fromLatin1(name), QString::fromUtf8(value));
    }

    [[nodiscard]] LoadedSettings load() const { return loadSettings(sources); }

    ConfigSources sources;

private:
    QTemporaryDir m_folder;
};

/// All messages, a line each.
inline QString joined(const QList<ConfigMessage> &messages)
{
    QStringList lines;
    for (const ConfigMessage &message : messages)
        lines.append(message.toString());
    return lines.join(QChar(u'\n'));
}

/// The effective value of `key` as `text @ place`.
inline QString effective(const LoadedSettings &loaded, const QString &key)
{
    for (const EffectiveValue &value : loaded.values) {
        if (value.key == key)
            return value.text + QStringLiteral(" @ ") + describe(value.source);
    }
    return {};
}

} // namespace gatehouse

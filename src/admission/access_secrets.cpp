// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/access_secrets.h"

#include "store/key_repository.h"
#include "store/migrations.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <sys/stat.h>

#include <cerrno>

namespace gatehouse {

namespace {

struct AccessSecretsText
{
    Q_DECLARE_TR_FUNCTIONS(gatehouse::AccessSecrets)
};

Result<void> makeFolder(const QString &folder)
{
    const QFileInfo info(folder);
    if (info.isDir())
        return {};
    QDir().mkpath(info.absolutePath());
    if (::mkdir(QFile::encodeName(folder).constData(), S_IRWXU) == 0)
        return {};
    const int number = errno;
    if (number == EEXIST && QFileInfo(folder).isDir()) // Another process was quicker.
        return {};
    return Error{
        .code = ErrorCode::Internal,
        .message =
            AccessSecretsText::tr("can't make the folder %1: %2").arg(folder, qt_error_string(number))};
}

Result<Secret> configuredOrKept(const Secret &configured, const QString &folder, const QString &name)
{
    return configured.isEmpty() ? keptSecret(folder, name) : Result<Secret>(configured);
}

Error wrongSecret()
{
    return {.code = ErrorCode::Internal,
            .message = AccessSecretsText::tr(
                "the keys in the database were made with another secret than the one in use, so none of "
                "them would be known: put back auth.key_hash_secret, or key-hash.secret in the data "
                "directory, as it was when they were made")};
}

} // namespace

Result<AccessSecrets> loadAccessSecrets(const Settings &settings)
{
    if (const auto made = makeFolder(settings.dataDir); !made)
        return made.error();
    const auto keyHash =
        configuredOrKept(settings.auth.keyHashSecret, settings.dataDir, QStringLiteral("key-hash.secret"));
    if (!keyHash)
        return keyHash.error();
    const auto tokens =
        configuredOrKept(settings.auth.secretKey, settings.dataDir, QStringLiteral("token.secret"));
    if (!tokens)
        return tokens.error();
    return AccessSecrets{.keyHash = *keyHash, .tokens = *tokens};
}

Result<void> checkKeyHashSecret(Database &database, const KeyHasher &hasher)
{
    const QString name = QStringLiteral("key_hash_fingerprint");
    const QString own = QString::fromLatin1(hasher.fingerprint());
    return database.inTransaction([&]() -> Result<void> {
        const Result<std::optional<QString>> kept = note(database, name);
        if (!kept)
            return kept.error();
        if (*kept == own)
            return {};
        if (*kept) {
            const Result<QList<KeyRecord>> keys = KeyRepository(database).all();
            if (!keys)
                return keys.error();
            if (!keys->isEmpty())
                return wrongSecret();
        }
        return setNote(database, name, own);
    });
}

} // namespace gatehouse

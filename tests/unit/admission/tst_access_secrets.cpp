// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/access_secrets.h"
#include "store/key_repository.h"
#include "store/migrations.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace gatehouse;

class AccessSecretsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void areMadeInADataDirectoryOfTheirOwn();
    void configuredOnesComeFirst();
    void failWhereTheDataDirectoryIsAFile();
    void areRefusedWhereOthersCanRead();
    void theFirstHasherIsTheDatabases();
    void aNewSecretIsTakenWhileThereAreNoKeys();
};

namespace {

mode_t modeOf(const QString &path)
{
    struct stat status = {};
    return ::stat(QFile::encodeName(path).constData(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// A database in memory would do, but for its file's being what servers share.
struct OpenDatabase
{
    QTemporaryDir folder;
    std::unique_ptr<Database> database;
    OpenDatabase()
    {
        const DatabaseTarget target{.file = folder.filePath(QStringLiteral("t.db"))};
        auto opened = Database::open(target);
        if (opened && migrate(**opened, target))
            database = std::move(*opened);
    }
};

} // namespace

void AccessSecretsTest::areMadeInADataDirectoryOfTheirOwn()
{
    const QTemporaryDir folder;
    Settings settings;
    settings.dataDir = folder.filePath(QStringLiteral("a/b/data"));
    const Result<AccessSecrets> secrets = loadAccessSecrets(settings);
    QVERIFY(secrets);
    QVERIFY(!secrets->keyHash.isEmpty());
    QVERIFY(!secrets->tokens.isEmpty());
    QVERIFY(!(secrets->keyHash == secrets->tokens));
    QCOMPARE(modeOf(settings.dataDir), mode_t(0700));
    QCOMPARE(modeOf(settings.dataDir + QStringLiteral("/key-hash.secret")), mode_t(0600));
    QCOMPARE(modeOf(settings.dataDir + QStringLiteral("/token.secret")), mode_t(0600));
    const Result<AccessSecrets> again = loadAccessSecrets(settings);
    QVERIFY(again);
    QVERIFY(again->keyHash == secrets->keyHash && again->tokens == secrets->tokens);
}

void AccessSecretsTest::configuredOnesComeFirst()
{
    const QTemporaryDir folder;
    Settings settings;
    settings.dataDir = folder.path();
    settings.auth.keyHashSecret = Secret("k");
    settings.auth.secretKey = Secret("t");
    const Result<AccessSecrets> secrets = loadAccessSecrets(settings);
    QVERIFY(secrets);
    QVERIFY(secrets->keyHash == Secret("k") && secrets->tokens == Secret("t"));
    QVERIFY(!QFileInfo::exists(folder.filePath(QStringLiteral("key-hash.secret"))));
    QVERIFY(!QFileInfo::exists(folder.filePath(QStringLiteral("token.secret"))));
}

void AccessSecretsTest::failWhereTheDataDirectoryIsAFile()
{
    const QTemporaryDir folder;
    Settings settings;
    settings.dataDir = folder.filePath(QStringLiteral("file"));
    QFile file(settings.dataDir);
    QVERIFY(file.open(QIODevice::WriteOnly));
    for (const QString &place : {settings.dataDir, settings.dataDir + QStringLiteral("/data")}) {
        settings.dataDir = place;
        const Result<AccessSecrets> secrets = loadAccessSecrets(settings);
        QVERIFY(!secrets);
        QVERIFY2(secrets.error().message.contains(place), qPrintable(secrets.error().message));
    }
}

void AccessSecretsTest::areRefusedWhereOthersCanRead()
{
    const QTemporaryDir folder;
    Settings settings;
    settings.dataDir = folder.path();
    QVERIFY(loadAccessSecrets(settings));
    for (const char *name : {"/key-hash.secret", "/token.secret"}) {
        const QByteArray path = QFile::encodeName(folder.path()) + name;
        QCOMPARE(::chmod(path.constData(), 0644), 0);
        QVERIFY(!loadAccessSecrets(settings));
        QCOMPARE(::chmod(path.constData(), 0600), 0);
        QVERIFY(loadAccessSecrets(settings));
    }
}

void AccessSecretsTest::theFirstHasherIsTheDatabases()
{
    OpenDatabase open;
    QVERIFY(open.database);
    const KeyHasher first(Secret("first"));
    QVERIFY(checkKeyHashSecret(*open.database, first));
    QVERIFY(KeyRepository(*open.database)
                .add({.id = makeUuid(), .name = QStringLiteral("k"), .hash = first.hash("k")}));
    QVERIFY(checkKeyHashSecret(*open.database, first));
    const Result<void> other = checkKeyHashSecret(*open.database, KeyHasher(Secret("other")));
    QVERIFY(!other);
    QVERIFY(other.error().message.contains(QStringLiteral("auth.key_hash_secret")));
    QVERIFY(checkKeyHashSecret(*open.database, first)); // The refused one has left nothing behind.
}

void AccessSecretsTest::aNewSecretIsTakenWhileThereAreNoKeys()
{
    OpenDatabase open;
    QVERIFY(open.database);
    QVERIFY(checkKeyHashSecret(*open.database, KeyHasher(Secret("first"))));
    QVERIFY(checkKeyHashSecret(*open.database, KeyHasher(Secret("second"))));
    const Result<std::optional<QString>> kept = note(*open.database, QStringLiteral("key_hash_fingerprint"));
    QVERIFY(kept && *kept);
    QCOMPARE((*kept)->toLatin1(), KeyHasher(Secret("second")).fingerprint());
}

QTEST_GUILESS_MAIN(AccessSecretsTest)
#include "tst_access_secrets.moc"

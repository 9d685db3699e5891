// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission/key_hasher.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

#include <latch>
#include <thread>

using namespace gatehouse;

class KeptSecretTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void isMadeOnceForItsOwnerOnly();
    void isOfModeSixHundredWhateverTheUmask();
    void startersAtOnceAgree();
    void refusesWhatOthersCanRead_data();
    void refusesWhatOthersCanRead();
    void takesAnOperatorsOwn();
    void refusesWhatIsNoSecret_data();
    void refusesWhatIsNoSecret();
    void saysWhereNothingCanBeMade();

private:
    void write(const QByteArray &content, mode_t mode) const;
    [[nodiscard]] QByteArray path() const { return m_folder->filePath(QStringLiteral("s")).toLocal8Bit(); }
    [[nodiscard]] Result<Secret> kept() const { return keptSecret(m_folder->path(), QStringLiteral("s")); }
    std::unique_ptr<QTemporaryDir> m_folder;

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
};

void KeptSecretTest::write(const QByteArray &content, mode_t mode) const
{
    QFile file(QString::fromLocal8Bit(path()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
    file.close();
    QCOMPARE(::chmod(path().constData(), mode), 0);
}

void KeptSecretTest::isMadeOnceForItsOwnerOnly()
{
    const Result<Secret> made = kept();
    QVERIFY(made);
    QVERIFY(QRegularExpression(QStringLiteral("\\A[0-9a-f]{64}\\z"))
                .match(QString::fromLatin1(made->reveal()))
                .hasMatch());
    const Result<Secret> again = kept();
    QVERIFY(again && *again == *made);
    const Result<Secret> other = keptSecret(m_folder->path(), QStringLiteral("t"));
    QVERIFY(other && !(*other == *made));
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden),
             QStringList({QStringLiteral("s"), QStringLiteral("t")}));
}

void KeptSecretTest::isOfModeSixHundredWhateverTheUmask()
{
    for (const mode_t mask : {mode_t(0), mode_t(022), mode_t(0277)}) {
        QFile::remove(QString::fromLocal8Bit(path()));
        const mode_t before = ::umask(mask);
        const bool isMade = kept().has_value();
        ::umask(before);
        QVERIFY(isMade);
        struct stat status = {};
        QCOMPARE(::stat(path().constData(), &status), 0);
        QCOMPARE(status.st_mode & 07777, mode_t(0600));
    }
}

void KeptSecretTest::startersAtOnceAgree()
{
    constexpr int starters = 8;
    for (int round = 0; round < 20; ++round) {
        init();
        std::latch together(starters);
        std::vector<QByteArray> secrets(starters);
        std::vector<std::thread> threads;
        for (int i = 0; i < starters; ++i)
            threads.emplace_back([this, i, &together, &secrets] {
                together.arrive_and_wait();
                const Result<Secret> secret = kept();
                secrets[size_t(i)] = secret ? secret->reveal() : QByteArray();
            });
        for (std::thread &thread : threads)
            thread.join();
        QVERIFY(!secrets.front().isEmpty());
        for (const QByteArray &secret : secrets)
            QCOMPARE(secret, secrets.front());
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden), {QStringLiteral("s")});
    }
}

void KeptSecretTest::refusesWhatOthersCanRead_data()
{
    QTest::addColumn<int>("mode");
    for (int others = 1; others < 0100; ++others)
        QTest::addRow("%o", 0600 | others) << (0600 | others);
}

void KeptSecretTest::refusesWhatOthersCanRead()
{
    QFETCH(int, mode);
    const QByteArray secret(64, 'a');
    write(secret, mode_t(mode));
    const Result<Secret> read = kept();
    QVERIFY(!read);
    QVERIFY(read.error().message.contains(QString::fromLocal8Bit(path())));
    QVERIFY(read.error().message.contains(QStringLiteral("chmod 600")));
    QVERIFY(!(read.error().message + read.error().detail).contains(QString::fromLatin1(secret)));
}

void KeptSecretTest::takesAnOperatorsOwn()
{
    write("  an operator's own secret of 42 characters!\n\n", 0400);
    const Result<Secret> read = kept();
    QVERIFY(read);
    QCOMPARE(read->reveal(), QByteArray("an operator's own secret of 42 characters!"));
}

void KeptSecretTest::refusesWhatIsNoSecret_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("a line feed") << QByteArray("\n");
    QTest::newRow("half of one") << QByteArray(31, 'a');
    QTest::newRow("a book") << QByteArray(4097, 'a');
}

void KeptSecretTest::refusesWhatIsNoSecret()
{
    QFETCH(QByteArray, content);
    write(content, 0600);
    QVERIFY(!kept());
    QFile file(QString::fromLocal8Bit(path()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), content); // It may be all that is left of the right one.
}

void KeptSecretTest::saysWhereNothingCanBeMade()
{
    const QString missing = m_folder->filePath(QStringLiteral("missing"));
    const Result<Secret> nowhere = keptSecret(missing, QStringLiteral("s"));
    QVERIFY(!nowhere);
    QVERIFY(nowhere.error().message.contains(missing));
    QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("s")));
    QVERIFY(!kept());
    QCOMPARE(::mkfifo((path() + ".fifo").constData(), 0600), 0);
    QVERIFY(!keptSecret(m_folder->path(), QStringLiteral("s.fifo"))); // And does not wait for a writer.
}

QTEST_GUILESS_MAIN(KeptSecretTest)
#include "tst_kept_secret.moc"

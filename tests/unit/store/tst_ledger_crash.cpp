// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger's promise under kill -9: what was acknowledged is there, and there once. The program starts
// itself to have somebody to kill.
#include "engines.h"
#include "ledger_samples.h"
#include "store/ledger_mover.h"
#include "store/migrations.h"

#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QHash>
#include <QProcess>
#include <QUrl>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime someTime{1'763'700'000'000ms};

std::unique_ptr<LedgerJournal> openJournal(const QString &folder)
{
    auto journal = LedgerJournal::open({.folder = folder, .maxFileBytes = 5000});
    return journal ? std::move(*journal) : nullptr;
}

void say(const QByteArray &line)
{
    if (::write(STDOUT_FILENO, line.constData(), static_cast<std::size_t>(line.size())) != line.size())
        std::_Exit(3);
}

// Appends until it is killed; a line for every row that was acknowledged.
int appendRows(const QString &folder, const QByteArray &name)
{
    const auto journal = openJournal(folder);
    SampleRows rows(1);
    for (int i = 0; journal && i < 20'000; ++i) {
        if (!journal->append(rows.make(someTime, name + '-' + QByteArray::number(i))))
            return 2;
        say(".\n");
    }
    return 2;
}

int complain(const char *what, const Error &error)
{
    std::fprintf(stderr, "%s: %s %s\n", what, qPrintable(error.message), qPrintable(error.detail));
    return 2;
}

// Moves everything, a few rows at a time.
int moveRows(const QString &folder, const QString &url)
{
    const auto target = parseDatabaseUrl(url, folder);
    if (!target)
        return complain("url", target.error());
    const auto database = Database::open(*target);
    if (!database)
        return complain("open", database.error());
    const auto journal = openJournal(folder);
    if (!journal)
        return 2;
    LedgerMover mover(*journal, **database);
    say("begun\n");
    for (;;) {
        const auto moved = mover.moveSome(7);
        if (!moved)
            return complain("move", moved.error());
        if (*moved == 0)
            return mover.takeLosses().isEmpty() ? 0 : 2;
    }
}

// On a disk that is full after some bytes, and then no longer.
int fillDisk(const QString &folder)
{
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    rlimit little = limit;
    little.rlim_cur = 3333;
    ::setrlimit(RLIMIT_FSIZE, &little);
    const auto journal = openJournal(folder);
    SampleRows rows(1);
    int taken = 0;
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
        const auto done = journal->append(rows.make(someTime, QByteArray::number(taken)));
        if (!done && (done.error().code != ErrorCode::Overloaded || journal->hasRoom()))
            return 2;
        ++(done ? taken : refused);
    }
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 100; ++i, ++taken) {
        if (!journal->append(rows.make(someTime, QByteArray::number(taken))))
            return 2;
    }
    say(QByteArray::number(taken) + ' ' + QByteArray::number(refused) + '\n');
    return 0;
}

} // namespace

class TestLedgerCrash : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void acknowledgedRowsOutliveTheProcess_data() { Engines::addRows(); }
    void acknowledgedRowsOutliveTheProcess();
    void aKilledMoverRepeatsAndSkipsNothing_data() { Engines::addRows(); }
    void aKilledMoverRepeatsAndSkipsNothing();
    void aFullDiskLosesNothing();

private:
    static void start(QProcess &process, const QStringList &arguments)
    {
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QCoreApplication::applicationFilePath(), arguments);
    }
    // Lets the process run for some microseconds after its first word.
    static bool killAfter(QProcess &process, qint64 us)
    {
        if (!process.waitForReadyRead(20'000) && process.state() != QProcess::NotRunning)
            return false;
        QElapsedTimer timer;
        timer.start();
        while (timer.nsecsElapsed() < us * 1000)
            process.waitForReadyRead(0);
        process.kill();
        return process.state() == QProcess::NotRunning || process.waitForFinished(20'000);
    }

    Engines m_engines;
    std::mt19937 m_random{11};
};

void TestLedgerCrash::acknowledgedRowsOutliveTheProcess()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database);
    GATEHOUSE_VERIFY_OK(migrate(**database, target));
    const QTemporaryDir folder;
    QHash<QByteArray, int> acknowledged;
    const int runs = onPostgres ? 5 : 50;
    for (int run = 0; run < runs; ++run) {
        QProcess process;
        const QString name = QStringLiteral("run%1").arg(run);
        start(process, {QStringLiteral("--append"), folder.path(), name});
        QVERIFY(killAfter(process, static_cast<qint64>(m_random() % 3000)));
        QCOMPARE(process.exitStatus(), QProcess::CrashExit);
        acknowledged[name.toLatin1()] = static_cast<int>(process.readAllStandardOutput().count('\n'));
    }

    const auto journal = openJournal(folder.path());
    QVERIFY(journal);
    LedgerMover mover(*journal, **database);
    Result<qint64> moved = 0;
    while ((moved = mover.moveSome(2000)) && *moved > 0) {
    }
    GATEHOUSE_VERIFY_OK(moved);
    QVERIFY(mover.takeLosses().isEmpty());
    QHash<QByteArray, int> arrived;
    for (const LedgerRow &row : allRows(**database)) { // In their order, so none is there twice.
        const QByteArrayList parts = row.requestId.split('-');
        QCOMPARE(parts.value(1).toInt(), arrived[parts.value(0)]++);
    }
    for (const auto &[name, count] : acknowledged.asKeyValueRange())
        QVERIFY2(arrived.value(name) == count || arrived.value(name) == count + 1, name.constData());
    QCOMPARE(arrived.size(), acknowledged.size());
}

void TestLedgerCrash::aKilledMoverRepeatsAndSkipsNothing()
{
    GATEHOUSE_FRESH_TARGET(target, m_engines);
    const auto database = Database::open(target);
    QVERIFY(database);
    GATEHOUSE_VERIFY_OK(migrate(**database, target));
    const auto encoded = [](const QString &text) {
        return QString::fromLatin1(QUrl::toPercentEncoding(text));
    };
    const QString url = onPostgres ? QStringLiteral("postgresql://") + target.user + u':' +
                                         encoded(QString::fromUtf8(target.password.reveal())) + u'@' +
                                         encoded(target.host) + u':' + QString::number(target.port) + u'/' +
                                         target.name
                                   : QStringLiteral("sqlite:///") + target.file;
    const QTemporaryDir folder;
    constexpr int rowCount = 3000;
    {
        const auto journal = openJournal(folder.path());
        SampleRows rows(5);
        for (int i = 0; i < rowCount; ++i)
            QVERIFY(journal->append(rows.make(someTime, QByteArray::number(i))));
    }
    int kills = 0;
    for (int run = 0; run < 25; ++run) {
        QProcess process;
        start(process, {QStringLiteral("--move"), folder.path(), url});
        QVERIFY(killAfter(process, static_cast<qint64>(m_random() % 15'000)));
        if (process.exitStatus() == QProcess::CrashExit)
            ++kills;
        else
            QCOMPARE(process.exitCode(), 0);
    }
    QProcess process; // The last is let through.
    start(process, {QStringLiteral("--move"), folder.path(), url});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 0);
    QVERIFY(kills > 3);
    const auto rows = allRows(**database);
    QCOMPARE(rows.size(), std::size_t(rowCount));
    for (std::size_t i = 0; i < rows.size(); ++i)
        QCOMPARE(rows[i].requestId, QByteArray::number(static_cast<int>(i)));
    QCOMPARE(Ledger(**database).stats({})->total.requests, qint64(rowCount));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{QStringLiteral("lock")});
    auto left = (*database)->run(QStringLiteral("SELECT COUNT(*) FROM gatehouse_ledger_files"));
    QVERIFY(left && (*left)->next());
    QCOMPARE((*left)->value(0).toInt(), 0);
}

void TestLedgerCrash::aFullDiskLosesNothing()
{
    const QTemporaryDir folder;
    QProcess process;
    start(process, {QStringLiteral("--fill"), folder.path()});
    QVERIFY(process.waitForFinished(20'000));
    QCOMPARE(process.exitCode(), 0);
    const QByteArrayList said = process.readAllStandardOutput().trimmed().split(' ');
    QVERIFY(said.value(1).toInt() > 0);

    const auto target = m_engines.fresh(false);
    const auto database = Database::open(*target);
    QVERIFY(database);
    GATEHOUSE_VERIFY_OK(migrate(**database, *target));
    const auto journal = openJournal(folder.path());
    LedgerMover mover(*journal, **database);
    QCOMPARE(mover.moveSome(10'000).value_or(-1), said.value(0).toInt());
    QVERIFY(mover.takeLosses().isEmpty());
    int next = 0;
    for (const LedgerRow &row : allRows(**database))
        QCOMPARE(row.requestId, QByteArray::number(next++));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == QStringLiteral("--append"))
        return appendRows(arguments.value(2), arguments.value(3).toLatin1());
    if (arguments.value(1) == QStringLiteral("--move"))
        return moveRows(arguments.value(2), arguments.value(3));
    if (arguments.value(1) == QStringLiteral("--fill"))
        return fillDisk(arguments.value(2));
    TestLedgerCrash test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_ledger_crash.moc"

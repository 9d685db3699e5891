// SPDX-License-Identifier: GPL-3.0-or-later
// The journal and its mover within one process; see tst_ledger_crash for what happens when it is killed.
#include "engines.h"
#include "ledger_samples.h"
#include "store/ledger_mover.h"
#include "store/migrations.h"

#include <QDir>
#include <QElapsedTimer>
#include <QSet>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

class TestLedgerJournal : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void rowsOfSeveralThreadsArriveOnce();
    void rowsOfADeadProcessComeFirst();
    void movedFilesAreDeleted();
    void aFolderHasOneUser();
    void aFolderThatIsNotThere();
    void theBoundHolds();
    void aTornEndIsDropped();
    void damageIsPassedOver();
    void damageAtTheEndIsTold();
    void aFileThatWasTakenAwayHoldsNothingUp();
    void leftoversOfACrashAreCleared();
    void whatFailsIsMovedLater();

private:
    std::unique_ptr<LedgerJournal> open(LedgerJournal::Options options = {})
    {
        options.folder = m_folder->path();
        auto journal = LedgerJournal::open(options);
        return journal ? std::move(*journal) : nullptr;
    }
    void appendSome(LedgerJournal &journal, int first, int count)
    {
        for (int i = first; i < first + count; ++i)
            QVERIFY(journal.append(m_rows.make(m_time, QByteArray::number(i))));
    }
    [[nodiscard]] QStringList files(const char *pattern) const
    {
        return QDir(m_folder->path()).entryList({QLatin1String(pattern)}, QDir::Files);
    }
    // Of a process that has ended, with `count` rows.
    QString deadFile(int count)
    {
        appendSome(*open(), 0, count);
        return m_folder->filePath(files("*.rows").value(0));
    }
    [[nodiscard]] QByteArrayList ids()
    {
        QByteArrayList result;
        for (const LedgerRow &row : allRows(*m_database))
            result.append(row.requestId);
        return result;
    }
    [[nodiscard]] qint64 count(const char *sql)
    {
        auto query = m_database->run(QLatin1String(sql));
        return query && (*query)->next() ? (*query)->value(0).toLongLong() : -1;
    }

    Engines m_engines;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Database> m_database;
    SampleRows m_rows{1};
    const WallTime m_time{1'763'700'000'000ms};
};

void TestLedgerJournal::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    const auto target = m_engines.fresh(false);
    auto database = Database::open(*target);
    QVERIFY(database);
    m_database = std::move(*database);
    GATEHOUSE_VERIFY_OK(migrate(*m_database, *target));
}

void TestLedgerJournal::rowsOfSeveralThreadsArriveOnce()
{
    constexpr int threads = 4;
    constexpr int rowsEach = 10'000;
    const auto journal = open({.maxFileBytes = 200'000});
    std::vector<std::thread> writers;
    std::atomic<int> refused = 0;
    for (int writer = 0; writer < threads; ++writer) {
        writers.emplace_back([&journal, &refused, writer, time = m_time] {
            SampleRows rows(static_cast<unsigned>(writer));
            for (int i = 0; i < rowsEach; ++i) {
                const QByteArray id = QByteArray::number(writer) + '-' + QByteArray::number(i);
                if (!journal->append(rows.make(time, id)))
                    ++refused;
            }
        });
    }
    LedgerMover mover(*journal, *m_database);
    qint64 moved = 0;
    QElapsedTimer timer;
    timer.start();
    bool failed = false;
    while (moved < threads * rowsEach && !failed && timer.elapsed() < 60'000) {
        const auto some = mover.moveSome(1000);
        failed = !some;
        moved += some.value_or(0);
    }
    for (std::thread &writer : writers)
        writer.join();
    QVERIFY(!failed);
    QCOMPARE(refused.load(), 0);
    QCOMPARE(moved, qint64(threads) * rowsEach);
    QCOMPARE(mover.moveSome().value_or(-1), 0);

    std::array<int, threads> next{};
    for (const QByteArray &id : ids()) { // Each thread's in their order.
        const auto writer = static_cast<std::size_t>(id.front() - '0');
        QCOMPARE(id.sliced(2), QByteArray::number(next.at(writer)++));
    }
    QCOMPARE(ids().size(), threads * rowsEach);
    QVERIFY(mover.takeLosses().isEmpty());
}

void TestLedgerJournal::rowsOfADeadProcessComeFirst()
{
    appendSome(*open(), 0, 5);
    const auto journal = open();
    appendSome(*journal, 5, 5);
    LedgerMover mover(*journal, *m_database);
    QCOMPARE(mover.moveSome(7).value_or(-1), 7);
    QCOMPARE(mover.moveSome(7).value_or(-1), 3);
    QCOMPARE(mover.moveSome(7).value_or(-1), 0);
    QCOMPARE(ids().join(','), QByteArray("0,1,2,3,4,5,6,7,8,9"));
}

void TestLedgerJournal::movedFilesAreDeleted()
{
    const auto journal = open({.maxFileBytes = 1000});
    appendSome(*journal, 0, 100);
    QVERIFY(files("*.rows").size() > 10);
    LedgerMover mover(*journal, *m_database);
    while (mover.moveSome(3).value_or(0) > 0) {
    }
    QVERIFY(files("*.rows").size() <= 1); // The one that is written to.
    QVERIFY(files("*.done").isEmpty());
    QVERIFY(count("SELECT COUNT(*) FROM gatehouse_ledger_files") <= 1);
    QCOMPARE(count("SELECT COUNT(*) FROM gatehouse_requests"), 100);
}

void TestLedgerJournal::aFolderHasOneUser()
{
    auto journal = open();
    QVERIFY(journal);
    const auto second = LedgerJournal::open({.folder = m_folder->path()});
    QVERIFY(!second);
    QVERIFY(second.error().message.contains(m_folder->path()));
    journal.reset();
    QVERIFY(open());
}

void TestLedgerJournal::aFolderThatIsNotThere()
{
    QVERIFY(!LedgerJournal::open({.folder = m_folder->filePath(QStringLiteral("none"))}));
}

void TestLedgerJournal::theBoundHolds()
{
    const auto journal = open({.maxFileBytes = 1000, .maxTotalBytes = 20'000});
    int taken = 0;
    Result<void> appended;
    while ((appended = journal->append(m_rows.make(m_time, QByteArray::number(taken)))) && taken < 1000)
        ++taken;
    QVERIFY(!appended);
    QVERIFY(appended.error().code == ErrorCode::Overloaded);
    QVERIFY(!journal->hasRoom());
    QVERIFY(taken > 50 && taken < 300);
    qint64 bytes = 0;
    for (const QFileInfo &file : QDir(m_folder->path()).entryInfoList({QStringLiteral("*.rows")}))
        bytes += file.size();
    QVERIFY(bytes <= 20'000);

    LedgerMover mover(*journal, *m_database);
    QCOMPARE(mover.moveSome(100'000).value_or(-1), taken);
    QVERIFY(journal->hasRoom());
    QVERIFY(journal->append(m_rows.make(m_time, "after")));
}

void TestLedgerJournal::aTornEndIsDropped()
{
    QFile file(deadFile(10));
    for (qint64 cut = 1; cut < 100; cut += 30)
        QVERIFY(file.resize(file.size() - cut)); // In all more than the last record.
    const auto journal = open();
    LedgerMover mover(*journal, *m_database);
    const qint64 moved = mover.moveSome().value_or(-1);
    QVERIFY(moved == 8 || moved == 9);
    QVERIFY(mover.takeLosses().isEmpty());
    QVERIFY(files("*.rows").isEmpty());
    QVERIFY(files("*.damaged").isEmpty());
}

void TestLedgerJournal::damageIsPassedOver()
{
    const QString path = deadFile(1000);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.seek(file.size() / 2));
    QVERIFY(file.write(QByteArray(300, '\xff')) == 300);
    file.close();

    const auto journal = open();
    LedgerMover mover(*journal, *m_database);
    while (mover.moveSome(100).value_or(0) > 0) {
    }
    const QByteArrayList arrived = ids();
    QVERIFY(arrived.size() >= 994 && arrived.size() < 1000);
    QCOMPARE(QSet<QByteArray>(arrived.begin(), arrived.end()).size(), arrived.size());
    QCOMPARE(arrived.first(), QByteArray("0"));
    QCOMPARE(arrived.last(), QByteArray("999"));
    const auto losses = mover.takeLosses();
    QCOMPARE(losses.size(), 1);
    QVERIFY(losses.first().bytes >= 300 && losses.first().bytes < 1200);
    QVERIFY(mover.takeLosses().isEmpty());
    QCOMPARE(files("*.damaged").size(), 1); // Kept.
    QVERIFY(files("*.rows").isEmpty());
    QCOMPARE(count("SELECT COUNT(*) FROM gatehouse_ledger_files"), 0);
}

void TestLedgerJournal::damageAtTheEndIsTold()
{
    QFile file(deadFile(10));
    QVERIFY(file.open(QIODevice::Append));
    QVERIFY(file.write(QByteArray(5000, '\0')) == 5000); // As a power cut may leave it.
    file.close();
    const auto journal = open();
    LedgerMover mover(*journal, *m_database);
    QCOMPARE(mover.moveSome().value_or(-1), 10);
    QCOMPARE(mover.takeLosses().value(0).bytes, 5000);
}

void TestLedgerJournal::aFileThatWasTakenAwayHoldsNothingUp()
{
    const QString path = deadFile(10);
    const auto journal = open();
    appendSome(*journal, 10, 2);
    QVERIFY(QFile::remove(path));
    LedgerMover mover(*journal, *m_database);
    QCOMPARE(mover.moveSome().value_or(-1), 2);
    QCOMPARE(mover.takeLosses().size(), 1);
    QCOMPARE(mover.moveSome().value_or(-1), 0);
    QVERIFY(mover.takeLosses().isEmpty());
}

void TestLedgerJournal::leftoversOfACrashAreCleared()
{
    // Moved and renamed, but killed before the database forgot the file.
    const QString path = deadFile(3);
    const QString done = path.chopped(5) + QStringLiteral(".done");
    QVERIFY(QFile::rename(path, done));
    QVERIFY(
        m_database->run(QStringLiteral("INSERT INTO gatehouse_ledger_files (name, position) VALUES (?, 1)"),
                        {QFileInfo(path).fileName()}));
    const auto journal = open();
    LedgerMover mover(*journal, *m_database);
    QCOMPARE(mover.moveSome().value_or(-1), 0);
    QVERIFY(!QFile::exists(done));
    QCOMPARE(count("SELECT COUNT(*) FROM gatehouse_ledger_files"), 0);
    QVERIFY(ids().isEmpty());
}

void TestLedgerJournal::whatFailsIsMovedLater()
{
    const auto journal = open();
    appendSome(*journal, 0, 5);
    LedgerMover mover(*journal, *m_database);
    QVERIFY(m_database->run(QStringLiteral("ALTER TABLE gatehouse_usage_latency RENAME TO away")));
    QVERIFY(!mover.moveSome());
    QCOMPARE(ids().size(), 0);
    QVERIFY(m_database->run(QStringLiteral("ALTER TABLE away RENAME TO gatehouse_usage_latency")));
    QCOMPARE(mover.moveSome().value_or(-1), 5);
    QCOMPARE(ids().size(), 5);
    QCOMPARE(count("SELECT COUNT(*) FROM gatehouse_usage_daily WHERE model_number NOT IN (SELECT number FROM "
                   "gatehouse_usage_names)"),
             0);
}

QTEST_GUILESS_MAIN(TestLedgerJournal)
#include "tst_ledger_journal.moc"

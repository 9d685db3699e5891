// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store.h"

#include "store/ledger_journal.h"
#include "store/store_reader.h"
#include "store/store_writer.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <sys/stat.h>

namespace gatehouse {
namespace {

/// The folder of the ledger's journal; nobody else's business.
Result<QString> makeJournalFolder(const QString &dataDir)
{
    QString folder = QDir(dataDir).filePath(QStringLiteral("ledger"));
    const QByteArray path = QFile::encodeName(folder);
    if (::mkdir(path.constData(), 0700) != 0 && !QDir(folder).exists())
        return Error{ErrorCode::Internal,
                     QCoreApplication::translate("Store", "The folder '%1' can't be made.").arg(folder),
                     qt_error_string()};
    return folder;
}

} // namespace

class Store::Private
{
public:
    StoreOptions options;
    Log &log;
    const Clock &clock;
    // Destroyed from below: the readers ask the writer, the writer reads the journal.
    std::unique_ptr<LedgerJournal> journal = {};
    std::unique_ptr<StoreWriter> writer = {};
    std::unique_ptr<StoreReader> reader = {};
    std::unique_ptr<StoreReader> promptReader = {};
};

Store::Store(StoreOptions options, Log &log, const Clock &clock)
    : d(new Private{std::move(options), log, clock})
{}

Store::~Store() = default;

Result<void> Store::open()
{
    const auto folder = makeJournalFolder(d->options.dataDir);
    if (!folder)
        return folder.error();
    auto journal = LedgerJournal::open({.folder = *folder});
    if (!journal)
        return std::move(journal).error();
    d->journal = *std::move(journal);
    d->writer = std::make_unique<StoreWriter>(
        d->options, StoreWriter::Surroundings{*d->journal, d->log, d->clock, [this] {
                                                  Q_EMIT accessChanged();
                                              }});
    if (auto started = d->writer->start(); !started) {
        d->writer.reset();
        d->journal.reset();
        return started;
    }
    d->reader = std::make_unique<StoreReader>(d->options.target, *d->writer, StoreReader::Questions{});
    d->reader->start();
    d->promptReader = std::make_unique<StoreReader>(
        d->options.target, *d->writer,
        StoreReader::Questions{.thread = "store-recall", .mostWaiting = 16384, .afterTheLedger = false});
    d->promptReader->start();
    return {};
}

Result<void> Store::record(const LedgerRow &row)
{
    if (!d->reader)
        return databaseAway();
    auto appended = d->journal->append(row);
    if (appended)
        d->writer->rowRecorded();
    return appended;
}

bool Store::hasRoom() const
{
    return d->reader && d->journal->hasRoom();
}

void Store::noteKeyUsed(const QByteArray &keyId)
{
    if (d->reader)
        d->writer->noteKeyUsed(keyId);
}

bool Store::isBehind() const
{
    return d->reader && d->writer->isBehind();
}

bool Store::isHealthy() const
{
    return d->reader && d->writer->isHealthy();
}

void Store::enqueueWrite(Task task)
{
    if (d->reader)
        d->writer->enqueue(std::move(task));
    else
        task.deliver(databaseAway());
}

void Store::enqueueRead(Task task)
{
    if (d->reader)
        d->reader->enqueue(std::move(task));
    else
        task.deliver(databaseAway());
}

void Store::enqueueReadNow(Task task)
{
    if (d->promptReader)
        d->promptReader->enqueue(std::move(task));
    else
        task.deliver(databaseAway());
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger_mover.h"

#include "store/ledger_file_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace gatehouse {

namespace {

QByteArray withSuffix(const QByteArray &name, const char *suffix)
{
    return name.left(name.lastIndexOf('.')) + suffix;
}

// `rows` is what a file's row in gatehouse_ledger_files is called by, whatever the file is called meanwhile.
QByteArray rowsName(const QByteArray &name)
{
    return withSuffix(name, ".rows");
}

} // namespace

struct LedgerMover::Batch
{
    struct Progress
    {
        LedgerJournal::File file;
        qint64 position = 0;
        qint64 lost = 0;
    };
    std::vector<LedgerRow> rows;
    std::vector<Progress> files;
};

Result<qint64> LedgerMover::moveSome(int maxRows)
{
    deleteDone();
    if (m_journal.filesToMove().empty())
        return 0;
    Batch batch;
    auto moved = m_database.inTransaction([&] { return fill(batch, static_cast<std::size_t>(maxRows)); });
    if (!moved) {
        m_ledger.undone();
        return std::move(moved).error();
    }
    settle(batch);
    return static_cast<qint64>(batch.rows.size());
}

Result<void> LedgerMover::fill(Batch &batch, std::size_t maxRows)
{
    for (const LedgerJournal::File &file : m_journal.filesToMove()) {
        if (auto done = readFile(batch, file, maxRows); !done)
            return done;
        if (batch.rows.size() == maxRows)
            break;
    }
    return m_ledger.append(batch.rows);
}

Result<void> LedgerMover::readFile(Batch &batch, const LedgerJournal::File &file, std::size_t maxRows)
{
    const auto start = positionIn(file.name);
    if (!start)
        return start.error();
    Batch::Progress progress{.file = file, .position = *start};
    if (*start < file.size) {
        auto reader = LedgerFileReader::open(m_journal.pathOf(file.name), *start, file.size);
        if (!reader)
            return std::move(reader).error();
        while (*reader && batch.rows.size() < maxRows) {
            auto row = (*reader)->next();
            if (!row)
                break;
            batch.rows.push_back(std::move(*row));
        }
        // A file that somebody took away has nothing more to give.
        progress.position = *reader ? (*reader)->position() : file.size;
        progress.lost = *reader ? (*reader)->lostBytes() : file.size - *start;
        if (auto noted = notePosition(file.name, progress.position); !noted)
            return noted;
    }
    batch.files.push_back(std::move(progress));
    return {};
}

// Takes hold of the file's row, which is there afterwards: PostgreSQL may still be busy with what a process
// that was killed has sent, and only when that is committed or undone is the position certain.
Result<qint64> LedgerMover::positionIn(const QByteArray &name)
{
    auto query = m_database.run(
        QStringLiteral("INSERT INTO gatehouse_ledger_files (name, position) VALUES (?, 0) ON CONFLICT (name)"
                       " DO UPDATE SET position = gatehouse_ledger_files.position RETURNING position"),
        {QString::fromLatin1(name)});
    if (!query)
        return std::move(query).error();
    const qint64 position = (*query)->next() ? (*query)->value(0).toLongLong() : 0;
    (*query)->finish();
    return position;
}

Result<void> LedgerMover::notePosition(const QByteArray &name, qint64 position)
{
    auto done =
        m_database.run(QStringLiteral("UPDATE gatehouse_ledger_files SET position = ? WHERE name = ?"),
                       {position, QString::fromLatin1(name)});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

// What the commit allows: until then, the files were all there was.
void LedgerMover::settle(const Batch &batch)
{
    for (const Batch::Progress &progress : batch.files) {
        const QByteArray &name = progress.file.name;
        m_journal.noteMoved(name, progress.position);
        if (progress.lost > 0) {
            m_damaged.insert(name);
            m_losses.append({.file = name, .bytes = progress.lost});
        }
        if (!progress.file.isOpen && progress.position >= progress.file.size)
            retire(name);
    }
    deleteDone();
}

// The position may only be forgotten once the file can't be read again, so the file first gets a name that
// nobody moves rows from. Where renaming fails, it is tried again with the next batch.
void LedgerMover::retire(const QByteArray &name)
{
    const bool isDamaged = m_damaged.contains(name);
    const QByteArray retired = withSuffix(name, isDamaged ? ".damaged" : ".done");
    const bool isRenamed =
        std::rename(m_journal.pathOf(name).constData(), m_journal.pathOf(retired).constData()) == 0;
    if (!isRenamed && errno != ENOENT)
        return;
    m_journal.forget(name);
    m_damaged.erase(name);
    m_done.push_back(retired);
}

void LedgerMover::deleteDone()
{
    while (!m_done.empty()) {
        const QByteArray name = m_done.back();
        if (!m_database.run(QStringLiteral("DELETE FROM gatehouse_ledger_files WHERE name = ?"),
                            {QString::fromLatin1(rowsName(name))}))
            return; // Later.
        if (name.endsWith(".done"))
            ::unlink(m_journal.pathOf(name).constData());
        m_done.pop_back();
    }
}

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger_journal.h"

#include "store/ledger_record.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QHash>
#include <QUuid>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <tuple>
#include <utility>

namespace gatehouse {

using namespace std::chrono_literals;

namespace {

constexpr auto pauseAfterFailure = 1s;
constexpr qint64 reservedBytes = 256 * 1024; // Behind a file's end: some thousand rows.

class Descriptor
{
public:
    explicit Descriptor(int fd = -1)
        : m_fd(fd)
    {}
    ~Descriptor() { reset(); }
    Q_DISABLE_COPY_MOVE(Descriptor)

    void reset(int fd = -1)
    {
        if (m_fd >= 0)
            ::close(m_fd);
        m_fd = fd;
    }
    [[nodiscard]] int release() { return std::exchange(m_fd, -1); }
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }

private:
    int m_fd;
};

Error folderError(const QString &message, int cause)
{
    return {.message = message, .detail = QString::fromLocal8Bit(std::strerror(cause))};
}

Error noRoom(const QString &detail)
{
    return {.code = ErrorCode::Overloaded,
            .message = QCoreApplication::translate("LedgerJournal", "Requests can't be recorded right now."),
            .detail = detail};
}

// Left by an earlier process.
struct DeadFile
{
    QByteArray name;
    qint64 size = 0;
    qint64 processTime = 0; ///< When that process began to write, or nearly so.
    QByteArray process;
    qint64 number = 0;
};

// Oldest first, those of one process in its order (which their times may be too coarse for).
std::vector<DeadFile> deadFiles(const QDir &folder)
{
    std::vector<DeadFile> files;
    QHash<QByteArray, qint64> processTimes;
    for (const QFileInfo &info : folder.entryInfoList({QStringLiteral("*.rows")}, QDir::Files)) {
        const QByteArray name = QFile::encodeName(info.fileName());
        const qsizetype dash = name.lastIndexOf('-');
        const QByteArray process = name.left(dash);
        const qint64 time = info.lastModified().toMSecsSinceEpoch();
        processTimes.insert(process, std::min(time, processTimes.value(process, time)));
        files.push_back({.name = name,
                         .size = info.size(),
                         .process = process,
                         .number = name.sliced(dash + 1).chopped(5).toLongLong()});
    }
    for (DeadFile &file : files)
        file.processTime = processTimes.value(file.process);
    std::ranges::sort(files, {}, [](const DeadFile &file) {
        return std::tie(file.processTime, file.process, file.number);
    });
    return files;
}

int retryOnInterrupt(auto call)
{
    int result = 0;
    do
        result = static_cast<int>(call());
    while (result < 0 && errno == EINTR);
    return result;
}

} // namespace

class LedgerJournal::Private
{
public:
    explicit Private(const Options &options)
        : m_options(options)
        , m_folder(QFile::encodeName(options.folder) + '/')
        , m_process(QUuid::createUuid().toByteArray(QUuid::WithoutBraces))
    {}

    Result<void> lockFolder()
    {
        const QByteArray path = m_folder + "lock";
        m_lock.reset(::open(path.constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!m_lock.isOpen())
            return folderError(
                QCoreApplication::translate("LedgerJournal", "The ledger's folder %1 can't be written to.")
                    .arg(m_options.folder),
                errno);
        if (retryOnInterrupt([this] { return ::flock(m_lock.get(), LOCK_EX | LOCK_NB); }) == 0)
            return {};
        return folderError(
            QCoreApplication::translate("LedgerJournal", "Another process uses the ledger's folder %1.")
                .arg(m_options.folder),
            errno);
    }

    void findFiles()
    {
        const QDir folder(m_options.folder);
        for (const DeadFile &file : deadFiles(folder)) {
            m_files.push_back({.name = file.name, .size = file.size});
            m_waiting += file.size;
        }
        for (const QString &name : folder.entryList({QStringLiteral("*.done")}, QDir::Files))
            m_done.push_back(QFile::encodeName(name));
    }

    Result<void> append(QByteArrayView record)
    {
        const std::lock_guard lock(m_mutex);
        if (m_waiting.load(std::memory_order_relaxed) + record.size() > m_options.maxTotalBytes)
            return noRoom(QStringLiteral("the journal is full"));
        if (!m_file.isOpen() || m_files.back().size >= m_options.maxFileBytes) {
            // Where the disk is full, what already runs still fits behind the file's end, and nothing new
            // begins.
            if (auto begun = beginFile(); !begun && !m_file.isOpen())
                return begun;
        }
        const ssize_t written = ::write(m_file.get(), record.data(), static_cast<std::size_t>(record.size()));
        if (written != record.size())
            return takeBack(written, written < 0 ? errno : ENOSPC);
        m_files.back().size += written;
        m_waiting.fetch_add(written, std::memory_order_relaxed);
        return {};
    }

    bool hasRoom() const
    {
        if (m_waiting.load(std::memory_order_relaxed) + maxLedgerRecord > m_options.maxTotalBytes)
            return false;
        return std::chrono::steady_clock::now().time_since_epoch().count() >=
               m_pausedUntil.load(std::memory_order_relaxed);
    }

    std::vector<File> filesToMove() const
    {
        const std::lock_guard lock(m_mutex);
        std::vector<File> files;
        for (const File &file : m_files) {
            if (file.moved < file.size || !file.isOpen)
                files.push_back(file);
        }
        return files;
    }

    void noteMoved(const QByteArray &name, qint64 position)
    {
        const std::lock_guard lock(m_mutex);
        const auto file = std::ranges::find(m_files, name, &File::name);
        if (file == m_files.end())
            return;
        const qint64 moved = std::clamp(position, file->moved, file->size);
        m_waiting.fetch_sub(moved - file->moved, std::memory_order_relaxed);
        file->moved = moved;
    }

    void forget(const QByteArray &name)
    {
        const std::lock_guard lock(m_mutex);
        const auto file = std::ranges::find(m_files, name, &File::name);
        if (file == m_files.end() || file->isOpen)
            return;
        m_waiting.fetch_sub(file->size - file->moved, std::memory_order_relaxed);
        m_files.erase(file);
    }

    std::vector<QByteArray> takeDone()
    {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_done, {});
    }

    QByteArray pathOf(const QByteArray &name) const { return m_folder + name; }

private:
    Result<void> beginFile()
    {
        const QByteArray name = m_process + '-' + QByteArray::number(m_nextNumber++) + ".rows";
        Descriptor file(
            ::open(pathOf(name).constData(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
        if (!file.isOpen())
            return failed(errno);
        // Room for all of it and for the rows of what runs when the next file can't be begun, or none at all.
        const qint64 room = m_options.maxFileBytes + reservedBytes;
        if (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, room) != 0 && errno != EOPNOTSUPP) {
            const int cause = errno;
            ::unlink(pathOf(name).constData());
            return failed(cause);
        }
        if (m_file.isOpen())
            seal();
        m_file.reset(file.release());
        m_files.push_back({.name = name, .isOpen = true});
        return {};
    }

    void seal()
    {
        m_file.reset();
        m_files.back().isOpen = false;
    }

    // Leaves no half-written record where later ones would follow it.
    Error takeBack(ssize_t written, int cause)
    {
        const qint64 size = m_files.back().size;
        if (written > 0 && retryOnInterrupt([this, size] { return ::ftruncate(m_file.get(), size); }) != 0)
            seal();
        return failed(cause);
    }

    Error failed(int cause)
    {
        const auto until = std::chrono::steady_clock::now() + pauseAfterFailure;
        m_pausedUntil.store(until.time_since_epoch().count(), std::memory_order_relaxed);
        return noRoom(QStringLiteral("the journal can't be written: ") +
                      QString::fromLocal8Bit(std::strerror(cause)));
    }

    const Options m_options;
    const QByteArray m_folder;
    const QByteArray m_process;
    Descriptor m_lock;

    mutable std::mutex m_mutex; // Guards all below but the atomics, which are changed under it.
    Descriptor m_file;          // The last of m_files, where that is open.
    std::vector<File> m_files;
    std::vector<QByteArray> m_done;
    qint64 m_nextNumber = 1;
    std::atomic<qint64> m_waiting = 0;
    std::atomic<std::chrono::steady_clock::rep> m_pausedUntil{
        std::chrono::steady_clock::time_point::min().time_since_epoch().count()};
};

Result<std::unique_ptr<LedgerJournal>> LedgerJournal::open(const Options &options)
{
    auto d = std::make_unique<Private>(options);
    if (auto locked = d->lockFolder(); !locked)
        return std::move(locked).error();
    d->findFiles();
    return std::unique_ptr<LedgerJournal>(new LedgerJournal(std::move(d)));
}

LedgerJournal::LedgerJournal(std::unique_ptr<Private> p)
    : d(std::move(p))
{}

LedgerJournal::~LedgerJournal() = default;

Result<void> LedgerJournal::append(const LedgerRow &row)
{
    LedgerRecordBuffer buffer;
    return d->append(encodeLedgerRecord(row, buffer));
}

bool LedgerJournal::hasRoom() const
{
    return d->hasRoom();
}

std::vector<LedgerJournal::File> LedgerJournal::filesToMove() const
{
    return d->filesToMove();
}

void LedgerJournal::noteMoved(const QByteArray &name, qint64 position)
{
    d->noteMoved(name, position);
}

void LedgerJournal::forget(const QByteArray &name)
{
    d->forget(name);
}

std::vector<QByteArray> LedgerJournal::takeDone()
{
    return d->takeDone();
}

QByteArray LedgerJournal::pathOf(const QByteArray &name) const
{
    return d->pathOf(name);
}

} // namespace gatehouse

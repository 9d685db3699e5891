// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ledger_file_reader.h"

#include "store/ledger_record.h"

#include <QCoreApplication>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatehouse {

namespace {

constexpr qint64 chunkBytes = 64 * 1024;
static_assert(chunkBytes >= 2 * maxLedgerRecord);

} // namespace

Result<std::optional<LedgerFileReader>> LedgerFileReader::open(const QByteArray &path, qint64 position,
                                                               qint64 end)
{
    const int fd = ::open(path.constData(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return std::optional(LedgerFileReader(fd, position, end));
    if (errno == ENOENT)
        return std::optional<LedgerFileReader>();
    return Error{.message = QCoreApplication::translate("LedgerJournal", "The ledger's files can't be read."),
                 .detail = QString::fromLocal8Bit(std::strerror(errno))};
}

LedgerFileReader::LedgerFileReader(int fd, qint64 position, qint64 end)
    : m_fd(fd)
    , m_position(position)
    , m_end(end)
{}

LedgerFileReader::LedgerFileReader(LedgerFileReader &&other) noexcept
    : m_fd(std::exchange(other.m_fd, -1))
    , m_position(other.m_position)
    , m_end(other.m_end)
    , m_lost(other.m_lost)
    , m_chunk(std::move(other.m_chunk))
    , m_chunkStart(other.m_chunkStart)
{}

LedgerFileReader::~LedgerFileReader()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

std::optional<LedgerRow> LedgerFileReader::next()
{
    const qint64 from = m_position;
    bool isTorn = false;
    while (m_position < m_end) {
        const QByteArrayView bytes = window();
        if (bytes.isEmpty())
            break;
        auto decoded = decodeLedgerRecord(bytes);
        if (auto *record = std::get_if<LedgerRecord>(&decoded)) {
            m_lost += m_position - from;
            m_position += record->size;
            return std::move(record->row);
        }
        // A window is shorter than a record only at the end of the file.
        if (m_position == from)
            isTorn = std::get<LedgerRecordFault>(decoded) == LedgerRecordFault::Incomplete;
        ++m_position;
    }
    endWithoutRecord(from, isTorn);
    return std::nullopt;
}

void LedgerFileReader::endWithoutRecord(qint64 from, bool isTorn)
{
    m_position = std::max(from, m_end);
    if (!isTorn)
        m_lost += m_position - from;
}

// At least maxLedgerRecord bytes from m_position on, unless the file ends before.
QByteArrayView LedgerFileReader::window()
{
    const qint64 offset = m_position - m_chunkStart;
    const qint64 wanted = std::min<qint64>(maxLedgerRecord, m_end - m_position);
    if (offset + wanted > m_chunk.size()) {
        m_chunk.resize(std::min(chunkBytes, m_end - m_position));
        m_chunkStart = m_position;
        qint64 filled = 0;
        while (filled < m_chunk.size()) {
            const ssize_t count =
                ::pread(m_fd, m_chunk.data() + filled, static_cast<std::size_t>(m_chunk.size() - filled),
                        m_chunkStart + filled);
            if (count == 0 || (count < 0 && errno != EINTR))
                break;
            filled += std::max<ssize_t>(count, 0);
        }
        m_chunk.resize(filled);
        return m_chunk;
    }
    return QByteArrayView(m_chunk).sliced(offset);
}

} // namespace gatehouse

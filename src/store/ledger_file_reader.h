// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "store/ledger_row.h"

#include <memory>
#include <optional>

namespace gatehouse {

/// Reads the rows of one of the journal's files, in chunks. What is no record is passed over up to where one
/// begins again, and counted, except a torn record at the very end, which was never acknowledged.
class LedgerFileReader
{
public:
    /// From byte `position` to byte `end`. Unset where there is no such file. Errors (Internal): it can't be
    /// opened.
    [[nodiscard]] static Result<std::optional<LedgerFileReader>> open(const QByteArray &path, qint64 position,
                                                                      qint64 end);
    LedgerFileReader(LedgerFileReader &&other) noexcept;
    LedgerFileReader &operator=(LedgerFileReader &&) = delete;
    ~LedgerFileReader();

    /// The next row; unset at the end. A part that the disk doesn't give counts as lost, and ends the file.
    [[nodiscard]] std::optional<LedgerRow> next();

    /// Everything before it was read or passed over.
    [[nodiscard]] qint64 position() const { return m_position; }
    /// How many bytes were passed over.
    [[nodiscard]] qint64 lostBytes() const { return m_lost; }

private:
    LedgerFileReader(int fd, qint64 position, qint64 end);
    [[nodiscard]] QByteArrayView window();
    void endWithoutRecord(qint64 from, bool isTorn);

    int m_fd;
    qint64 m_position;
    qint64 m_end;
    qint64 m_lost = 0;
    QByteArray m_chunk;
    qint64 m_chunkStart = 0; ///< Where in the file m_chunk was read.
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "http/wire/feed_result.h"
#include "http/wire/line_scanner.h"

namespace gatehouse {

/// Decodes one body in the chunked transfer coding (RFC 9112 §7.1), in pieces of any size, and stops at its
/// last byte. Chunk extensions and trailer fields are checked, bounded and dropped.
///
/// Errors: InvalidRequest (malformed), PayloadTooLarge (as soon as a chunk's announced size goes over the
/// limit), HeadersTooLarge (trailers over 8 KiB).
class ChunkedDecoder
{
public:
    explicit ChunkedDecoder(qint64 maxBodyBytes);

    /// Appends what it decodes to `body`.
    [[nodiscard]] FeedResult feed(QByteArrayView bytes, QByteArray &body);

    [[nodiscard]] const Error &error() const { return m_error; }

private:
    enum class Stage { Size, Data, DataEnd, Trailers, Done, Failed };

    bool advance(QByteArrayView &bytes, QByteArray &body);
    bool advanceLine(QByteArrayView &bytes);
    void takeData(QByteArrayView &bytes, QByteArray &body);
    void takeLine(QByteArrayView line);
    void takeSizeLine(QByteArrayView line);
    void takeTrailer(QByteArrayView line);
    [[nodiscard]] qsizetype lineLimit() const;
    void fail(ErrorCode code, const char *message);

    qint64 m_maxBodyBytes;
    LineScanner m_lines;
    Stage m_stage = Stage::Size;
    qint64 m_bodyBytes = 0;
    qint64 m_chunkRemaining = 0;
    qsizetype m_extensionBytes = 0;
    qsizetype m_trailerBytes = 0;
    Error m_error;
};

} // namespace gatehouse

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace gatehouse::sse {

/// Cuts a stream of bytes into lines, wherever the pieces it comes in are cut. Used for NDJSON as it is, and
/// by SseDecoder. One thread.
class LineSplitter
{
public:
    enum class Ends {
        Lf,     ///< A line ends at LF; a CR before it is dropped (NDJSON).
        CrOrLf, ///< A line ends at CR, LF or CR LF (WHATWG HTML §9.2.5, event streams).
    };
    static constexpr qsizetype defaultLimit = 1024 * 1024;

    explicit LineSplitter(Ends ends, qsizetype maxLineBytes = defaultLimit)
        : m_ends(ends)
        , m_maxLineBytes(maxLineBytes)
    {}

    void append(QByteArrayView bytes);

    /// The next complete line without its end, or nothing until more bytes come. Valid until append().
    [[nodiscard]] std::optional<QByteArrayView> next();

    /// What follows the last line end; for a stream whose last line has none. Valid until append().
    [[nodiscard]] QByteArrayView rest() const;

    /// A line went over the limit. No further line comes.
    [[nodiscard]] bool overflowed() const { return m_overflowed; }

private:
    [[nodiscard]] qsizetype findLineEnd();

    Ends m_ends;
    qsizetype m_maxLineBytes;
    QByteArray m_buffer;
    qsizetype m_begin = 0;      ///< Where the next line begins.
    qsizetype m_scanned = 0;    ///< No line end between m_begin and here.
    qsizetype m_nextLf = 0;     ///< The first LF at or after m_scanned, or m_lfSearched if there is none yet.
    qsizetype m_lfSearched = 0; ///< LFs are known up to here: each byte is looked at once, however it is cut.
    bool m_skipLf = false;      ///< The last line ended with CR: a LF right after it belongs to that end.
    bool m_overflowed = false;
};

} // namespace gatehouse::sse

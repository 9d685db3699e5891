// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace gatehouse {

/// Cuts a stream of bytes into lines that end in CRLF. Any other control character but HTAB is an error at
/// the byte where it stands: a bare CR or LF, which readers disagree about, never ends or joins anything.
/// Copies only lines that come in several pieces.
class LineScanner
{
public:
    enum class Outcome { Line, NeedMore, ControlCharacter, TooLong };

    /// Takes bytes off the front of `bytes` up to the end of the line, which line() then holds without its
    /// CRLF, until the next call or until `bytes`' memory goes. `maxLength` counts without the CRLF.
    [[nodiscard]] Outcome next(QByteArrayView &bytes, qsizetype maxLength);

    [[nodiscard]] QByteArrayView line() const { return m_line; }
    [[nodiscard]] bool hasPartialLine() const { return !m_partial.isEmpty() || m_carriageReturn; }

private:
    Outcome takeLineFeed(QByteArrayView &bytes);

    QByteArray m_partial; ///< The beginning of a line whose end has not come.
    QByteArrayView m_line;
    bool m_carriageReturn = false; ///< The CR has come, the LF must be next.
    bool m_lineInPartial = false;
};

} // namespace gatehouse

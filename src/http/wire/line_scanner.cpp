// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/wire/line_scanner.h"

#include <cstring>

namespace gatehouse {

namespace {

bool isControl(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// Whether any of eight bytes is below 0x20 or is 0x7f; HTAB included, so that the caller looks closer.
bool mayHoldControl(quint64 eight)
{
    constexpr quint64 ones = 0x0101010101010101;
    constexpr quint64 highBits = ones * 0x80;
    const quint64 deletes = eight ^ (ones * 0x7f);
    return ((((eight - ones * 0x20) & ~eight) | ((deletes - ones) & ~deletes)) & highBits) != 0;
}

qsizetype lengthOfText(QByteArrayView bytes)
{
    qsizetype length = 0;
    while (length < bytes.size()) {
        quint64 eight;
        const bool more = bytes.size() - length >= qsizetype(sizeof eight);
        if (more)
            std::memcpy(&eight, bytes.data() + length, sizeof eight);
        if (more && !mayHoldControl(eight)) {
            length += sizeof eight;
            continue;
        }
        const qsizetype end = more ? length + qsizetype(sizeof eight) : bytes.size();
        for (; length < end; ++length) {
            if (isControl(bytes[length]))
                return length;
        }
    }
    return length;
}

} // namespace

LineScanner::Outcome LineScanner::next(QByteArrayView &bytes, qsizetype maxLength)
{
    if (m_lineInPartial) {
        m_partial.resize(0); // Keeps the memory.
        m_lineInPartial = false;
    }
    if (m_carriageReturn)
        return takeLineFeed(bytes);

    const qsizetype length = lengthOfText(bytes);
    if (m_partial.size() + length > maxLength)
        return Outcome::TooLong;
    const QByteArrayView text = bytes.first(length);
    bytes = bytes.sliced(length);

    if (m_partial.isEmpty() && bytes.startsWith("\r\n")) {
        bytes = bytes.sliced(2);
        m_line = text;
        return Outcome::Line;
    }
    m_partial.append(text);
    if (bytes.isEmpty())
        return Outcome::NeedMore;
    if (bytes.front() != '\r')
        return Outcome::ControlCharacter;
    m_carriageReturn = true;
    bytes = bytes.sliced(1);
    return takeLineFeed(bytes);
}

LineScanner::Outcome LineScanner::takeLineFeed(QByteArrayView &bytes)
{
    if (bytes.isEmpty())
        return Outcome::NeedMore;
    if (bytes.front() != '\n')
        return Outcome::ControlCharacter;
    bytes = bytes.sliced(1);
    m_carriageReturn = false;
    m_lineInPartial = true;
    m_line = m_partial;
    return Outcome::Line;
}

} // namespace gatehouse

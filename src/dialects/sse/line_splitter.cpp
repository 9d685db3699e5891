// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialects/sse/line_splitter.h"

#include <cstring>

namespace gatehouse::sse {

namespace {

/// The position of `wanted` in [from, to), or `to`.
qsizetype findByte(const QByteArray &bytes, char wanted, qsizetype from, qsizetype to)
{
    const void *found = std::memchr(bytes.constData() + from, wanted, static_cast<std::size_t>(to - from));
    return found ? static_cast<const char *>(found) - bytes.constData() : to;
}

} // namespace

void LineSplitter::append(QByteArrayView bytes)
{
    constexpr qsizetype keptCapacity = 64 * 1024;
    if (m_overflowed)
        return;
    if (m_begin > 0) { // Only an unfinished line is left to move, as a rule nothing.
        m_buffer.remove(0, m_begin);
        m_scanned -= m_begin;
        m_nextLf -= m_begin;
        m_lfSearched -= m_begin;
        m_begin = 0;
        if (m_buffer.isEmpty() && m_buffer.capacity() > keptCapacity)
            m_buffer = QByteArray();
    }
    m_buffer.append(bytes.data(), bytes.size());
}

std::optional<QByteArrayView> LineSplitter::next()
{
    if (m_overflowed)
        return {};
    if (m_skipLf && m_begin < m_buffer.size()) {
        m_skipLf = false;
        if (m_buffer.at(m_begin) == '\n')
            m_scanned = ++m_begin;
    }
    const qsizetype end = findLineEnd();
    if (end - m_begin > m_maxLineBytes) {
        m_overflowed = true;
        m_buffer = QByteArray();
        m_begin = 0;
        return {};
    }
    if (end == m_buffer.size())
        return {};
    QByteArrayView line = QByteArrayView(m_buffer).sliced(m_begin, end - m_begin);
    m_skipLf = m_buffer.at(end) == '\r';
    m_begin = m_scanned = end + 1;
    if (m_ends == Ends::Lf && line.endsWith('\r'))
        line.chop(1);
    return line;
}

QByteArrayView LineSplitter::rest() const
{
    return QByteArrayView(m_buffer).sliced(m_begin);
}

/// The position of the first line end at or after m_begin, or the buffer's size.
qsizetype LineSplitter::findLineEnd()
{
    const qsizetype size = m_buffer.size();
    const bool lfKnown = m_nextLf >= m_scanned && m_nextLf < m_lfSearched;
    if (!lfKnown && m_lfSearched < size) {
        m_nextLf = findByte(m_buffer, '\n', qMax(m_scanned, m_lfSearched), size);
        m_lfSearched = m_nextLf < size ? m_nextLf + 1 : size;
    }
    const qsizetype lf = m_nextLf >= m_scanned && m_nextLf < m_lfSearched ? m_nextLf : size;
    const qsizetype end = m_ends == Ends::CrOrLf ? findByte(m_buffer, '\r', m_scanned, lf) : lf;
    m_scanned = end;
    return end;
}

} // namespace gatehouse::sse
